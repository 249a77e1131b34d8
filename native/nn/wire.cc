#include "native/nn/wire.h"

#include <ATen/ATen.h>

#include <cmath>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"

namespace fewsound {
Wire::Wire(const WireOptions& options)
    : Mlp("WIRE", {.activation = Activation::kGabor, .scale = options.scale}) {
  checkLayers(options.layers);
  checkPositive("omega0", options.omega0);
  checkPositive("omega", options.omega);
  checkNotNegative("scale", options.scale);
  const Initializer initializer(options);
  const std::vector<int64_t> widths = layerWidths(1, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t in = widths[i];
    const int64_t out = widths[i + 1];
    const bool last = i + 2 == widths.size();
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    const auto draw = [&](std::vector<int64_t> shape) {
      if (i == 0) return initializer.uniform(shape, bound);
      shape.push_back(2);  // real and imaginary parts, each uniform
      return at::view_as_complex(initializer.uniform(shape, bound)).clone();
    };
    const at::Tensor weight = draw({out, in});
    const at::Tensor bias = draw({out});
    if (last) {
      addLayer(weight, bias);  // no wavelet follows
    } else {
      addLayer(weight, bias, i == 0 ? options.omega0 : options.omega, options.learnableOmega);
    }
  }
}

}  // namespace fewsound
