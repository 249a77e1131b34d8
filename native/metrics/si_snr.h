#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace fewsound {

/// Scale-invariant signal-to-noise ratios in dB (Le Roux et al. 2019) of estimates [clips,
/// samples]: both signals made zero-mean, the estimate compared with its projection on the target,
/// energies regularized by float32's epsilon. Computed in double. None where a target is constant,
/// so that nothing can be projected on it.
std::vector<std::optional<double>> siSnr(const at::Tensor& estimates, const at::Tensor& targets);

}  // namespace fewsound
