#pragma once

#include <optional>
#include <vector>

#include "native/options/fields.h"

namespace fewsound {

/// How much each part of the reconstruction loss counts, and what shapes the parts.
struct LossWeights {
  double time = 1.0;        // of the mean modulus of the error
  double mel = 1.0;         // of the multi-resolution mel STFT loss
  double emphasized = 0.0;  // of the mean modulus of the pre-emphasized error
  double preEmphasis = 0.95;
  double localPower = 0.0;  // above 0: the pre-emphasized error counts more where it is quiet
  double stft = 0.0;        // of the mean weighted modulus of the error's complex spectrum

  bool operator==(const LossWeights&) const = default;
};

void fields(OptionVisitor& visit, LossWeights& weights);

/// What changes from a part of the fit on.
struct LossStage {
  double from = 1.0;  // part of the steps, 0 to 1
  /// Whether the weights move here from those before, geometrically where both are above 0; else
  /// they jump here.
  bool glide = false;
  std::optional<double> time = std::nullopt;
  std::optional<double> mel = std::nullopt;
  std::optional<double> emphasized = std::nullopt;
  std::optional<double> preEmphasis = std::nullopt;
  std::optional<double> localPower = std::nullopt;
  std::optional<double> stft = std::nullopt;

  /// The weights of this stage after those.
  LossWeights after(const LossWeights& before) const;
};

void fields(OptionVisitor& visit, LossStage& stage);

/// The weights at a part of the fit: those given, and then those of the stages.
LossWeights weightsAt(const LossWeights& first, const std::vector<LossStage>& course, double part);

}  // namespace fewsound
