#include "native/nn/siren.h"

#include <cmath>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"

namespace fewsound {

Siren::Siren(const SirenOptions& options) : Mlp("SIREN", {.activation = Activation::kSine}) {
  checkLayers(options.layers);
  checkPositive("omega0", options.omega0);
  checkPositive("omega", options.omega);
  const Initializer initializer(options);
  const std::vector<int64_t> widths = layerWidths(1, options.layers);
  // The "gradient fix" of paper 1's authors divides by omega0 in every layer but the first.
  const double divisor = options.gradientFix ? options.omega0 : 1.0;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const auto in = static_cast<double>(widths[i]);
    const double bound = i == 0 ? 1.0 / in : std::sqrt(6.0 / in) / divisor;
    const at::Tensor weight = initializer.uniform({widths[i + 1], widths[i]}, bound);
    addLayer(weight, initializer.uniform({widths[i + 1]}, 1.0 / std::sqrt(in)),
             i == 0 ? options.omega0 : options.omega, options.learnableOmega);
  }
}

}  // namespace fewsound
