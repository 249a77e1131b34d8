#include "native/nn/finer.h"

#include <cmath>

#include "native/nn/initializer.h"

namespace fewsound {

void fields(OptionVisitor& visit, FinerOptions& options) {
  visit(hiddenLayers("paper 1, Table 1"), options.layers, kHiddenLayers);
  visit({.name = "omega0",
         .meaning = "Frequency factor ω₀ of the first layer.",
         .source = "ours, for speech; Liu et al. 2024, \"FINER\", have 30",
         .flag = Flag{"<factor>"}},
        options.omega0, kPositive);
  visit({.name = "omega",
         .meaning = "Frequency factor ω of the later layers.",
         .source = "Liu et al. 2024, \"FINER\"",
         .flag = Flag{"<factor>"}},
        options.omega, kPositive);
  visit({.name = "learnableOmega", .meaning = "Learn the frequency factors.", .flag = Flag{}},
        options.learnableOmega);
  visit({.name = "biasScale",
         .meaning = "Range k of the first bias, which starts as U(-k, k).",
         .source = "Liu et al. 2024, \"FINER\"",
         .flag = Flag{.value = "<k>", .help = "range k of the first bias at the start"}},
        options.biasScale, kNotNegative);
  fields(visit, static_cast<InrOptions&>(options));
}

Finer::Finer(const FinerOptions& options)
    : Mlp("FINER", options, {.activation = Activation::kFiner}) {
  checkOptions(options);
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
