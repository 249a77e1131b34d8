#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace fewsound {

/// Scale-invariant signal-to-noise ratio in dB (Le Roux et al. 2019): both signals made zero-mean,
/// the estimate compared with its projection on the target, energies regularised by float32's
/// epsilon. Computed in double. None where the target is constant, so that nothing can be projected
/// on it.
std::optional<double> siSnr(const at::Tensor& estimate, const at::Tensor& target);

}  // namespace fewsound
