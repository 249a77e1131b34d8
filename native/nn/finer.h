#pragma once

#include <cstdint>
#include <vector>

#include "native/nn/mlp.h"

namespace fewsound {

struct FinerOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 1000.0;
  double omega = 30.0;
  bool learnableOmega = false;
  double biasScale = 5.0;
};

void fields(OptionVisitor& visit, FinerOptions& options);

/// SIREN with (|x| + 1) x in place of the input x of every layer; the factor is taken as a constant
/// in the gradient, as FINER's own program does (Liu et al. 2024; paper 1 prints |x + 1| x).
class Finer : public Mlp {
 public:
  explicit Finer(const FinerOptions& options);
};

}  // namespace fewsound
