#pragma once

#include <ATen/core/Tensor.h>

namespace fewsound {

/// Short-time Fourier transform with centered frames, the signal reflected at its ends:
/// signal [batch, samples], window [size] -> complex [batch, frames, size/2 + 1]. The hop divides
/// the size; the signal needs more than size/2 samples. Differentiable in the signal any number of
/// times.
at::Tensor centeredStft(const at::Tensor& signal, const at::Tensor& window, int64_t hop);

/// sqrt(max(|X|^2, floor)) of a complex X, differentiable any number of times.
at::Tensor flooredMagnitude(const at::Tensor& spectrum, double floor);

}  // namespace fewsound
