#include "native/nn/siren.h"

#include <cmath>

#include "native/nn/initializer.h"

namespace fewsound {

void fields(OptionVisitor& visit, SirenOptions& options) {
  visit(hiddenLayers("paper 1, Table 1"), options.layers, kHiddenLayers);
  visit({.name = "omega0",
         .meaning = "Frequency factor ω₀ of the first layer.",
         .source = "HyperSound, Szatkowski et al. 2023",
         .flag = Flag{"<factor>"}},
        options.omega0, kPositive);
  visit({.name = "omega",
         .meaning = "Frequency factor ω of the later layers.",
         .source = "Sitzmann et al. 2020",
         .flag = Flag{"<factor>"}},
        options.omega, kPositive);
  visit({.name = "learnableOmega", .meaning = "Learn the frequency factors.", .flag = Flag{}},
        options.learnableOmega);
  visit({.name = "gradientFix",
         .meaning = "Divide the initial weights of the later layers by ω₀, which keeps the first "
                    "gradients small.",
         .source = "the program of paper 1's authors",
         .flag = Flag{.help = "start the later layers without the division by ω₀"}},
        options.gradientFix);
  fields(visit, static_cast<InrOptions&>(options));
}

Siren::Siren(const SirenOptions& options)
    : Mlp("SIREN", options, {.activation = Activation::kSine}),
      factors_{.first = checked(options).omega0, .later = options.omega} {
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
