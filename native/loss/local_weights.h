#pragma once

#include <ATen/core/Tensor.h>

namespace fewsound {

/// Differences x[n] - coefficient·x[n-1] along the last dimension, the first sample as it is: the
/// high frequencies of a recording lifted (pre-emphasis).
at::Tensor preEmphasized(const at::Tensor& signal, double coefficient);

/// How much each sample's error counts, [clips, samples]: (E/max E + 0.003)^-power, E the root mean
/// square of the pre-emphasized target over 256 samples on each side. An error is heard where the
/// recording is quiet. Scaled so that the pre-emphasized target's mean modulus stays what it is;
/// ones where the power is 0 or a target is silent.
at::Tensor sampleWeights(const at::Tensor& target, double preEmphasis, double power);

/// The window and the hop of the complex spectra that the loss compares.
constexpr int64_t kStftSize = 512;
constexpr int64_t kStftHop = 256;

/// How much the error of each bin counts, of spectra [clips, frames, bins] of targets [clips,
/// samples]: (S/max S + 0.003)^-1/2, S the root mean square over bins within 3 or 8 % and frames
/// within 1. Scaled so that the mean weighted modulus is the target's mean modulus.
at::Tensor spectrumWeights(const at::Tensor& spectra, const at::Tensor& target);

}  // namespace fewsound
