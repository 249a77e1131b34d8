#include "native/nn/wire.h"

#include <ATen/ATen.h>

#include "native/nn/initializer.h"

namespace fewsound {
void fields(OptionVisitor& visit, WireOptions& options) {
  visit(hiddenLayers("paper 1, Table 1"), options.layers, kHiddenLayers);
  visit({.name = "omega0",
         .meaning = "Frequency factor ω₀ of the first layer.",
         .source = "ours, for speech; Saragadam et al. 2023 have 10",
         .flag = Flag{"<factor>"}},
        options.omega0, kPositive);
  visit({.name = "omega",
         .meaning = "Frequency factor ω of the later layers.",
         .source = "Saragadam et al. 2023",
         .flag = Flag{"<factor>"}},
        options.omega, kPositive);
  visit({.name = "scale",
         .meaning = "Inverse width s of the Gabor wavelets.",
         .source = "Saragadam et al. 2023",
         .flag = Flag{.value = "<s>"}},
        options.scale, kNotNegative);
  visit({.name = "learnableOmega", .meaning = "Learn the frequency factors.", .flag = Flag{}},
        options.learnableOmega);
  fields(visit, static_cast<InrOptions&>(options));
}

Wire::Wire(const WireOptions& options)
    : Mlp("WIRE", options, {.activation = Activation::kGabor, .scale = options.scale}) {
  checkOptions(options);
  const Initializer initializer(options);
  const std::vector<int64_t> widths = layerWidths(1, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t in = widths[i];
    const int64_t out = widths[i + 1];
    const bool last = i + 2 == widths.size();
    const double bound = usualBound(in);
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
