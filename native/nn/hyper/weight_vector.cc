#include "native/nn/hyper/weight_vector.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

namespace fewsound {
namespace {

/// The number of the layer that a parameter belongs to, from a name as "layers.2.weight".
std::optional<int64_t> layerOf(std::string_view name) {
  constexpr std::string_view kPrefix = "layers.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t layer = 0;
  const char* const begin = name.data() + kPrefix.size();
  std::from_chars(begin, name.data() + name.size(), layer);
  return layer;
}

}  // namespace

WeightVector::WeightVector(const Inr& target, const std::vector<int64_t>& sharedLayers,
                           bool sharedEncoding) {
  std::set<int64_t> layers;
  const auto required = target.weightLayout();
  const auto isRequired = [&](const std::string& name) {
    return std::ranges::any_of(required, [&](const WeightSlot& slot) { return slot.name == name; });
  };
  for (const auto& parameter : target.named_parameters()) {
    const std::string& name = parameter.key();
    const auto layer = layerOf(name);
    if (layer) layers.insert(*layer);
    const bool encoding = !isRequired(name);
    const bool inSharedLayer =
        layer && std::ranges::find(sharedLayers, *layer) != sharedLayers.end();
    if (inSharedLayer || (encoding && sharedEncoding)) {
      shared_.push_back(name);
      continue;
    }
    const at::Tensor& value = parameter.value();
    slots_.push_back({name, value.sizes().vec(), numbers_, value.numel()});
    numbers_ += value.numel();
  }
  for (const int64_t layer : sharedLayers) {
    TORCH_CHECK_VALUE(layers.contains(layer), "sharedLayers has ", layer,
                      "; expected numbers of the target's layers, from 0 to ", layers.size() - 1);
  }
  TORCH_CHECK_VALUE(
      numbers_ > 0,
      "all layers of the target are shared: there is nothing to write for a recording");
}

WeightMap WeightVector::split(const at::Tensor& vectors) const {
  WeightMap weights;
  for (const Slot& slot : slots_) {
    std::vector<int64_t> shape{vectors.size(0)};
    shape.insert(shape.end(), slot.shape.begin(), slot.shape.end());
    weights.emplace(slot.name, vectors.narrow(1, slot.offset, slot.size).view(shape));
  }
  return weights;
}

}  // namespace fewsound
