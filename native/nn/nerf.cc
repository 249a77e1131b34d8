#include "native/nn/nerf.h"

#include <ATen/ATen.h>

#include "native/nn/initializer.h"

namespace fewsound {

void fields(OptionVisitor& visit, NerfOptions& options) {
  visit(hiddenLayers("paper 1, Table 1"), options.layers, kHiddenLayers);
  encodingFields(visit, options.encoding, options.learnableEncoding, options.encodingFrequencies,
                 "paper 1, Table 1");
  fields(visit, static_cast<InrOptions&>(options));
}

Nerf::Nerf(const NerfOptions& options)
    : Mlp("NeRF", options),
      exactFrequencies_(
          encodingFrequencies(checked(options).encoding, options.encodingFrequencies)),
      encoding_(register_module("encoding",
                                std::make_shared<PositionalEncoding>(
                                    exactFrequencies_, options.learnableEncoding, options.dtype))) {
  const Initializer initializer(options);
  const std::vector<int64_t> widths = layerWidths(2 * exactFrequencies_.size(0), options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const double bound = usualBound(widths[i]);
    const at::Tensor weight = initializer.uniform({widths[i + 1], widths[i]}, bound);
    addLayer(weight, initializer.uniform({widths[i + 1]}, bound));
  }
}

at::Tensor Nerf::encode(const at::Tensor& t) const { return encoding_->forward(t); }

at::Tensor Nerf::encode(const at::Tensor& t, const WeightMap& weights) const {
  return encoding_->forward(t, weights, "encoding.frequencies");
}

}  // namespace fewsound
