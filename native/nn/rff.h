#pragma once

#include "native/nn/mlp.h"
#include "native/nn/options.h"

namespace fewsound {

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
