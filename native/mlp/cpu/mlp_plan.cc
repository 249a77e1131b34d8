#include "native/mlp/cpu/mlp_plan.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "native/cpu/round_up.h"

namespace fewsound::cpu {
namespace {

/// What the sums of a weight's gradient cost with so many rows and columns, in numbers computed;
/// the columns' side is transposed first, at about the price of four numbers each.
int64_t costOf(int64_t rows, int64_t columns, int64_t lanes) {
  return rows * roundUp(columns, lanes) + 4 * columns;
}

/// Most bytes that a forward pass keeps for the backward pass, those of its input included. Reading
/// costs less than computing again, but a fit is to be small.
constexpr int64_t kMostKept = int64_t{44} * 1024 * 1024;

/// Inputs below which a map is cheap.
constexpr int64_t kFewInputs = 32;

}  // namespace

template <typename T>
MlpPlan<T>::MlpPlan(const MlpInput& input)
    : activation(input.form.activation),
      scaleSquared(static_cast<T>(input.form.scale * input.form.scale)),
      batch(input.batch()),
      samples(input.samples()),
      tiles((samples + kTile<T> - 1) / kTile<T>) {
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  runs = std::clamp<int64_t>((threads + batch - 1) / batch, 1, tiles);
  const int64_t line = 64 / static_cast<int64_t>(sizeof(T));
  const auto take = [line](int64_t& size, int64_t count) {
    const int64_t at = size;
    size += roundUp(count, line);
    return at;
  };
  const int64_t last = static_cast<int64_t>(input.layers.size()) - 1;
  for (int64_t l = 0; l <= last; ++l) {
    const at::Tensor& weight = input.layers[l].weight;
    MlpLayer layer{};
    layer.in = weight.size(2);
    layer.out = weight.size(1);
    layer.planes = weight.is_complex() ? 2 : 1;
    layer.inPlanes = layer.planes;
    layer.outPlanes = l == last ? 1 : layer.planes;
    if (layer.planes == 2) {
      layer.weightAt = take(packedSize, (layer.threeProducts() ? 4 : 2) * layer.planeSize());
      layer.biasAt = take(packedSize, (layer.threeProducts() ? 3 : 2) * layer.out);
    }
    layer.inputsAsRows =
        costOf(layer.in, layer.out, kernel.lanes) < costOf(layer.out, layer.in, kernel.lanes);
    layer.sumPlanes = layer.threeProducts() ? 3 : layer.planes;
    layer.sumRows = layer.inputsAsRows ? layer.in : layer.out;
    layer.sumStride = roundUp(layer.inputsAsRows ? layer.out : layer.in, kernel.lanes);
    layer.sumsAt = take(sumsSize, layer.sumPlanes * layer.sumRows * layer.sumStride);
    layer.biasSumsAt = take(sumsSize, layer.outPlanes * layer.out * kernel.lanes);
    layer.omegaSumsAt = take(sumsSize, kernel.lanes);
    layers.push_back(layer);
  }
  chooseKept(kMostKept - static_cast<int64_t>(input.x.nbytes()));
}

/// So much, of as many tiles as possible: first of the map that costs most for each number it
/// gives. Of the last one nobody asks.
template <typename T>
void MlpPlan<T>::chooseKept(int64_t bytes) {
  std::vector<MlpLayer*> dearest;
  for (int64_t l = 0; l + 1 < depth(); ++l) dearest.push_back(&layers[l]);
  std::stable_sort(dearest.begin(), dearest.end(), [](const MlpLayer* a, const MlpLayer* b) {
    return a->in * a->inPlanes > b->in * b->inPlanes;
  });
  int64_t left = std::max<int64_t>(bytes, 0) / (batch * static_cast<int64_t>(sizeof(T)));
  for (MlpLayer* const layer : dearest) {
    layer->keptAt = keptSize;
    // A map of a few inputs is computed again as fast as it is read.
    if (layer->in * layer->inPlanes >= kFewInputs) {
      layer->keptTiles = std::min(tiles, left / tileSize(*layer));
    }
    const int64_t size = layer->keptTiles * tileSize(*layer);
    keptSize += size;
    left -= size;
  }
}

/// Kept tiles lie evenly among the others, so that all runs have their share.
template <typename T>
T* MlpPlan<T>::keptOf(T* kept, const MlpLayer& layer, const MlpTile& tile) const {
  const int64_t before = tile.number * layer.keptTiles / tiles;
  const int64_t after = (tile.number + 1) * layer.keptTiles / tiles;
  if (kept == nullptr || before == after) return nullptr;
  return kept + tile.set * keptSize + layer.keptAt + before * tileSize(layer);
}

template struct MlpPlan<float>;
template struct MlpPlan<double>;

}  // namespace fewsound::cpu
