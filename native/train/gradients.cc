#include "native/train/gradients.h"

#include <ATen/ATen.h>

namespace fewsound {

std::vector<at::Tensor> gradientsOf(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  return gradients;
}

double normOf(const std::vector<at::Tensor>& gradients) {
  if (gradients.empty()) return 0.0;
  std::vector<at::Tensor> norms;
  norms.reserve(gradients.size());
  for (const at::Tensor& gradient : gradients) norms.push_back(at::linalg_vector_norm(gradient));
  return at::linalg_vector_norm(at::stack(norms)).item<double>();
}

void clipGradients(std::vector<at::Tensor>& gradients, double norm, double most) {
  if (most <= 0.0 || norm <= most) return;
  for (at::Tensor& gradient : gradients) gradient.mul_(most / norm);
}

}  // namespace fewsound
