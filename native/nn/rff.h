#pragma once

#include <cstdint>
#include <vector>

#include "native/nn/mlp.h"

namespace fewsound {

struct RffOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  int64_t frequencies = 45;
  double sigma = 300.0;
};

void fields(OptionVisitor& visit, RffOptions& options);

/// Rectified linear layers on random Fourier features [cos 2 pi B t, sin 2 pi B t] with fixed
/// B ~ N(0, sigma^2) (Tancik et al. 2020).
class Rff : public Mlp {
 public:
  explicit Rff(const RffOptions& options);

  using Inr::encode;
  at::Tensor encode(const at::Tensor& t) const override;

 private:
  at::Tensor projection_;  // [frequencies, 1]
};

}  // namespace fewsound
