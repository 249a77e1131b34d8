// Compares gradients with central differences, in float64.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace fewsound::test {

using ScalarFunction = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// Largest difference between tensors, relative to the largest entry of the second (or to 1 if that
/// is less).
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  const double scale = std::max(1.0, b.abs().max().item<double>());
  return (a - b).abs().max().item<double>() / scale;
}

/// Leaves that require a gradient, with the same values.
inline std::vector<at::Tensor> asLeaves(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> leaves;
  leaves.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    leaves.push_back(tensor.detach().clone(at::MemoryFormat::Contiguous).requires_grad_());
  }
  return leaves;
}

/// Largest error of the gradient of `function` in any input, relative to that gradient's largest
/// entry.
inline double gradientError(const ScalarFunction& function, const std::vector<at::Tensor>& at) {
  constexpr double kStep = 1e-5;
  const std::vector<at::Tensor> inputs = asLeaves(at);
  const auto gradients = torch::autograd::grad({function(inputs)}, inputs);
  double worst = 0.0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    at::Tensor numeric = at::zeros_like(inputs[i]);
    double* value = inputs[i].mutable_data_ptr<double>();
    for (int64_t j = 0; j < inputs[i].numel(); ++j) {
      const double kept = value[j];
      value[j] = kept + kStep;
      const double above = function(inputs).item<double>();
      value[j] = kept - kStep;
      const double below = function(inputs).item<double>();
      value[j] = kept;
      numeric.view(-1)[j].fill_((above - below) / (2.0 * kStep));
    }
    worst = std::max(worst, distance(gradients[i], numeric));
  }
  return worst;
}

/// The same for the gradient of a weighted sum of the gradients.
inline double secondGradientError(const ScalarFunction& function,
                                  const std::vector<at::Tensor>& at) {
  const ScalarFunction first = [&function](const std::vector<at::Tensor>& inputs) {
    const auto gradients = torch::autograd::grad({function(inputs)}, inputs, {}, std::nullopt,
                                                 /*create_graph=*/true);
    at::Tensor sum;
    for (const at::Tensor& gradient : gradients) {
      const at::Tensor weight =
          at::linspace(0.5, 1.5, gradient.numel(), gradient.options()).view_as(gradient);
      const at::Tensor part = (gradient * weight).sum();
      sum = sum.defined() ? sum + part : part;
    }
    return sum;
  };
  return gradientError(first, at);
}

}  // namespace fewsound::test
