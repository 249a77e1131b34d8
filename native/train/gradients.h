#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fewsound {

/// The gradients there are; those of parameters that nothing depends on are none.
std::vector<at::Tensor> gradientsOf(const std::vector<at::Tensor>& parameters);

/// The Euclidean norm of all together.
double normOf(const std::vector<at::Tensor>& gradients);

/// Scales gradients of a norm down to `most`; 0: leaves them as they are.
void clipGradients(std::vector<at::Tensor>& gradients, double norm, double most);

}  // namespace fewsound
