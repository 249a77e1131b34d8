#include "native/nn/rff.h"

#include <ATen/ATen.h>

#include <numbers>

#include "native/nn/initializer.h"

namespace fewsound {

void fields(OptionVisitor& visit, RffOptions& options) {
  visit(hiddenLayers("paper 1, Table 1"), options.layers, kHiddenLayers);
  visit({.name = "frequencies",
         .meaning = "Number of random Fourier frequencies; twice as many features.",
         .source = "paper 1, Table 1",
         .flag = Flag{.value = "<count>", .help = "number of random Fourier frequencies"}},
        options.frequencies, Whole{1, 65'536});
  visit({.name = "sigma",
         .meaning = "Standard deviation σ of the random frequencies.",
         .source = "ours, for speech; Tancik et al. 2020 have 10",
         .flag = Flag{"<deviation>"}},
        options.sigma, kPositive);
  fields(visit, static_cast<InrOptions&>(options));
}

Rff::Rff(const RffOptions& options) : Mlp("RFF", options) {
  checkOptions(options);
  const Initializer initializer(options);
  const auto encoding =
      register_module("encoding", std::make_shared<torch::nn::Module>("encoding"));
  projection_ = encoding->register_buffer(
      "projection", initializer.normal({options.frequencies, 1}, options.sigma));
  const std::vector<int64_t> widths = layerWidths(2 * options.frequencies, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const double bound = usualBound(widths[i]);
    const at::Tensor weight = initializer.uniform({widths[i + 1], widths[i]}, bound);
    addLayer(weight, initializer.uniform({widths[i + 1]}, bound));
  }
}

at::Tensor Rff::encode(const at::Tensor& t) const {
  const at::Tensor phase = at::matmul(t * (2.0 * std::numbers::pi), projection_.transpose(0, 1));
  return at::cat({phase.cos(), phase.sin()}, -1);
}

}  // namespace fewsound
