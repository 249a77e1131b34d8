#include "native/loss/loss_weights.h"

#include <cmath>

namespace fewsound {
namespace {

double between(double from, double to, double part) {
  if (from > 0.0 && to > 0.0) return from * std::pow(to / from, part);
  return from + (to - from) * part;
}

/// Where a recording is silent its samples count 0.003^-power times: with 4 more than 10^10.
constexpr Real kLocalPower{.least = 0.0, .most = 4.0};

/// Shows the six weights, each a number or one that may be left out.
template <typename Weights>
void weightFields(OptionVisitor& visit, Weights& weights, bool flags) {
  const auto weight = [&](const char* name, const char* meaning, auto& value,
                          const char* flagName = nullptr, const char* shown = "<weight>",
                          Real check = kNotNegative) {
    Field field{.name = name, .meaning = meaning};
    if (flags) field.flag = Flag{.value = shown, .name = flagName};
    visit(field, value, check);
  };
  weight("time", "Weight of the L1 loss of the samples.", weights.time, "time-weight");
  weight("mel", "Weight of the multi-resolution mel STFT loss.", weights.mel, "mel-weight");
  weight("emphasized", "Weight of the L1 loss of the pre-emphasized samples.", weights.emphasized,
         "emphasized-weight");
  weight("preEmphasis", "What pre-emphasis takes off of the sample before.", weights.preEmphasis,
         nullptr, "<factor>", kFraction);
  weight("localPower",
         "Power by which the pre-emphasized loss counts more where the recording is quiet; 0: not.",
         weights.localPower, nullptr, "<power>", kLocalPower);
  weight("stft", "Weight of the L1 loss of the complex spectra, quiet bins lifted.", weights.stft,
         "stft-weight");
}

}  // namespace

void fields(OptionVisitor& visit, LossWeights& weights) { weightFields(visit, weights, true); }

void fields(OptionVisitor& visit, LossStage& stage) {
  visit({.name = "from", .meaning = "Part of the steps from which on it holds.", .required = true},
        stage.from, Real{.least = 0.0, .most = 1.0, .above = true});
  visit({.name = "glide",
         .meaning = "Move there from the stage before, geometrically, instead of jumping there."},
        stage.glide);
  weightFields(visit, stage, false);
}

LossWeights LossStage::after(const LossWeights& before) const {
  return {.time = time.value_or(before.time),
          .mel = mel.value_or(before.mel),
          .emphasized = emphasized.value_or(before.emphasized),
          .preEmphasis = preEmphasis.value_or(before.preEmphasis),
          .localPower = localPower.value_or(before.localPower),
          .stft = stft.value_or(before.stft)};
}

LossWeights weightsAt(const LossWeights& first, const std::vector<LossStage>& course, double part) {
  LossWeights now = first;
  double since = 0.0;
  for (const LossStage& stage : course) {
    const LossWeights next = stage.after(now);
    if (part >= stage.from) {
      now = next;
      since = stage.from;
      continue;
    }
    if (stage.glide) {
      const double way = (part - since) / (stage.from - since);
      const auto glide = [&](double LossWeights::* weight) {
        now.*weight = between(now.*weight, next.*weight, way);
      };
      glide(&LossWeights::time);
      glide(&LossWeights::mel);
      glide(&LossWeights::emphasized);
      glide(&LossWeights::preEmphasis);
      glide(&LossWeights::localPower);
      glide(&LossWeights::stft);
    }
    break;
  }
  return now;
}

}  // namespace fewsound
