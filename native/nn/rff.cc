#include "native/nn/rff.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"

namespace fewsound {

Rff::Rff(const RffOptions& options) : Mlp("RFF") {
  checkLayers(options.layers);
  checkRange("frequencies", options.frequencies, 1, 65'536);
  checkPositive("sigma", options.sigma);
  const Initializer initializer(options);
  const auto encoding =
      register_module("encoding", std::make_shared<torch::nn::Module>("encoding"));
  projection_ = encoding->register_buffer(
      "projection", initializer.normal({options.frequencies, 1}, options.sigma));
  const std::vector<int64_t> widths = layerWidths(2 * options.frequencies, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(widths[i]));
    const at::Tensor weight = initializer.uniform({widths[i + 1], widths[i]}, bound);
    addLayer(weight, initializer.uniform({widths[i + 1]}, bound));
  }
}

at::Tensor Rff::encode(const at::Tensor& t) const {
  const at::Tensor phase = at::matmul(t * (2.0 * std::numbers::pi), projection_.transpose(0, 1));
  return at::cat({phase.cos(), phase.sin()}, -1);
}

}  // namespace fewsound
