#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/autograd.h>

namespace fewsound {

/// The gradients of a fused operation's inputs as a graph of their own, for double backward: those
/// of the reference, `compute()`, which computes the same from the same inputs by operators that
/// autograd knows. Undefined for inputs that require none.
template <typename Compute>
torch::autograd::variable_list gradientsThrough(const Compute& compute,
                                                const torch::autograd::variable_list& inputs,
                                                const at::Tensor& outputGradient) {
  const at::Tensor y = compute();
  torch::autograd::variable_list wanted;
  for (const at::Tensor& each : inputs) {
    if (each.requires_grad()) wanted.push_back(each);
  }
  const torch::autograd::variable_list found =
      torch::autograd::grad({y}, wanted, {outputGradient}, /*retain_graph=*/true,
                            /*create_graph=*/true, /*allow_unused=*/true);
  torch::autograd::variable_list gradients;
  size_t next = 0;
  for (const at::Tensor& each : inputs) {
    gradients.push_back(each.requires_grad() ? found[next++] : at::Tensor());
  }
  return gradients;
}

}  // namespace fewsound
