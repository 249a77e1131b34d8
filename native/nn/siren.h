#pragma once

#include "native/nn/mlp.h"
#include "native/nn/options.h"

namespace fewsound {

/// Sinusoidal layers sin(W(omega x) + b), omega on the input of every layer, the last linear one
/// included (Sitzmann et al. 2020, with the frequencies of paper 1).
class Siren : public Mlp {
 public:
  explicit Siren(const SirenOptions& options);

  bool acceptsWeights() const override { return true; }
};

}  // namespace fewsound
