#include "native/nn/hyper/hyper_options.h"

#include <algorithm>
#include <array>

namespace fewsound {
namespace {

constexpr std::array<const char*, 3> kModes{"target", "residual", "modulator"};

/// The names of the networks that take weights, which each says of itself.
std::vector<const char*> kindsWithWeights() {
  std::vector<const char*> kinds;
  for (const Kind<Inr>& row : AnyInrOptions::rows()) {
    AnyInrOptions options(row);
    options.common()->withoutMemory = true;
    if (options.make()->acceptsWeights()) kinds.push_back(row.name);
  }
  return kinds;
}

}  // namespace

NerfOptions TargetOptions::usualNerf() {
  NerfOptions options;
  options.encoding = 10;
  return options;
}

std::vector<const char*> TargetOptions::kinds() const {
  static const std::vector<const char*> kinds = kindsWithWeights();
  return kinds;
}

bool TargetOptions::choose(std::string_view kind) {
  const auto all = kinds();
  return std::ranges::find(all, kind) != all.end() && AnyInrOptions::choose(kind);
}

void fields(OptionVisitor& visit, HyperModelOptions& options) {
  visit({.name = "target", .meaning = "The network whose weights are written."}, options.target);
  visit({.name = "samples", .meaning = "Samples of a recording."}, options.samples,
        Whole{2, kMostRecordingSamples});
  visit({.name = "encoder", .meaning = "The encoder E of the recording."}, options.encoder);
  visit({.name = "hidden",
         .meaning = "Widths of the hidden layers of the hypernetwork H.",
         .source = "the smaller one of paper 1, section 4.2"},
        options.hidden, kHiddenLayers);
  visit(
      {.name = "mode",
       .meaning = "What becomes of the written weights: they are the target's (target), are added "
                  "to weights of its own (residual), or multiply them (modulator)."},
      options.mode, Choice{kModes});
  visit({.name = "sharedLayers",
         .meaning = "Layers of the target, by number from 0, whose weights all recordings share."},
        options.sharedLayers, Wholes{.each = {0, 63}, .length = {0, 64, "layer numbers"}});
  visit({.name = "sharedEncoding",
         .meaning = "Whether all recordings share learnable frequencies and ω; else they are "
                    "written too."},
        options.sharedEncoding);
  if (!options.universal) return;
  visit({.name = "universalKernel",
         .meaning = "Kernel of the convolutions of G over the universal weights."},
        options.universal->kernel, Whole{1, 1'048'576});
  visit({.name = "universalConvolutions", .meaning = "How many convolutions G has."},
        options.universal->convolutions, Whole{0, 8});
  visit({.name = "warmupEpochs",
         .meaning = "Epochs over which the update grows to its whole, f = min(1, epoch / "
                    "warmupEpochs); 0: it is whole from the start."},
        options.universal->warmupEpochs, kNotNegative);
}

}  // namespace fewsound
