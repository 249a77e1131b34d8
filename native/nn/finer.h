#pragma once

#include "native/nn/mlp.h"
#include "native/nn/options.h"

namespace fewsound {

/// SIREN with (|x| + 1) x in place of the input x of every layer; the factor is taken as a constant
/// in the gradient, as FINER's own program does (Liu et al. 2024; paper 1 prints |x + 1| x).
class Finer : public Mlp {
 public:
  explicit Finer(const FinerOptions& options);
};

}  // namespace fewsound
