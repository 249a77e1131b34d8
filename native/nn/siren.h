#pragma once

#include <cstdint>
#include <vector>

#include "native/nn/mlp.h"

namespace fewsound {

struct SirenOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 2000.0;
  double omega = 30.0;
  bool learnableOmega = false;
  bool gradientFix = true;
};

void fields(OptionVisitor& visit, SirenOptions& options);

/// Sinusoidal layers sin(W(omega x) + b), omega on the input of every layer, the last linear one
/// included (Sitzmann et al. 2020, with the frequencies of paper 1).
class Siren : public Mlp {
 public:
  explicit Siren(const SirenOptions& options);

  bool acceptsWeights() const override { return true; }
  std::optional<FrequencyFactors> frequencyFactors() const override { return factors_; }

 private:
  FrequencyFactors factors_;
};

}  // namespace fewsound
