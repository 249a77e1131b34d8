#include "native/nn/finer.h"

#include <cmath>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"

namespace fewsound {

Finer::Finer(const FinerOptions& options) : Mlp("FINER", {.activation = Activation::kFiner}) {
  checkLayers(options.layers);
  checkPositive("omega0", options.omega0);
  checkPositive("omega", options.omega);
  checkNotNegative("biasScale", options.biasScale);
  const Initializer initializer(options);
  const std::vector<int64_t> widths = layerWidths(1, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const bool first = i == 0;
    const auto in = static_cast<double>(widths[i]);
    const double omega = first ? options.omega0 : options.omega;
    const at::Tensor weight = initializer.uniform({widths[i + 1], widths[i]},
                                                  first ? 1.0 / in : std::sqrt(6.0 / in) / omega);
    const double biasBound = first ? options.biasScale : 1.0 / std::sqrt(in);
    addLayer(weight, initializer.uniform({widths[i + 1]}, biasBound), omega,
             options.learnableOmega);
  }
}

}  // namespace fewsound
