#include "native/mlp/cpu/mlp_plan.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace fewsound::cpu {
namespace {

int64_t roundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/// What the sums of a weight's gradient cost with so many rows and columns, in numbers computed;
/// the columns' side is transposed first, at about the price of four numbers each.
int64_t costOf(int64_t rows, int64_t columns, int64_t lanes) {
  return rows * roundUp(columns, lanes) + 4 * columns;
}

/// Most bytes that a forward pass keeps for the backward pass, those of its input included. Reading
/// costs less than computing again, but a fit is to be small.
constexpr int64_t kMostKept = int64_t{36} * 1024 * 1024;

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
    // The first layer's map is mostly a cheap one; of the last nobody asks.
    layer.keptAt = l > 0 && l < last ? keptSize : -1;
    if (layer.keptAt >= 0) keptSize += layer.outPlanes * layer.out * kTile<T>;
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
  const int64_t bytes = batch * keptSize * static_cast<int64_t>(sizeof(T));
  const int64_t left = kMostKept - static_cast<int64_t>(input.x.nbytes());
  keptTiles = bytes == 0 || left < 0 ? 0 : std::min(tiles, left / bytes);
}

template struct MlpPlan<float>;
template struct MlpPlan<double>;

}  // namespace fewsound::cpu
