#pragma once

#include <ATen/core/Tensor.h>

namespace fewsound {

/// The activation of SNAC (Ziyin et al. 2020): x + sin²(αx)/(α + 1e-9) of x [batch, channels, time]
/// with α [1, channels, 1]. Differentiable in both, twice. Keeps nothing but x for the gradients.
at::Tensor snake(const at::Tensor& x, const at::Tensor& alpha);

/// The same, by ATen operators only.
at::Tensor snakeReference(const at::Tensor& x, const at::Tensor& alpha);

}  // namespace fewsound
