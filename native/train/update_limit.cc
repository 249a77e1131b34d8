#include "native/train/update_limit.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace fewsound {
namespace {

/// Weights that are smaller, such as biases that begin with 0, may change as if they were so large
/// (Adafactor's second epsilon).
constexpr double kLeastSize = 1e-3;

/// Numbers of a tensor that are worked on at once: on a CPU what its caches hold.
int64_t partSize(const at::Tensor& tensor) { return tensor.is_cpu() ? 131'072 : 16'777'216; }

/// The norm of what the learning rate will be multiplied by, for one tensor.
at::Tensor directionNorm(const AdamWTensors& tensors, size_t which, const AdamWNumbers& numbers) {
  const double firstCorrection = 1.0 - std::pow(numbers.beta1, numbers.count);
  const double secondCorrection = 1.0 - std::pow(numbers.beta2, numbers.count);
  const int64_t all = tensors.values[which].numel();
  const int64_t most = partSize(tensors.values[which]);
  std::vector<at::Tensor> norms;
  for (int64_t first = 0; first < all; first += most) {
    const auto part = [&](const std::vector<at::Tensor>& list) {
      return list[which].view(-1).narrow(0, first, std::min(most, all - first));
    };
    const at::Tensor gradient = part(tensors.gradients);
    const at::Tensor spread = part(tensors.secondMoments)
                                  .mul(numbers.beta2)
                                  .addcmul_(gradient, gradient, 1.0 - numbers.beta2)
                                  .div_(secondCorrection)
                                  .sqrt_()
                                  .add_(numbers.epsilon);
    norms.push_back(at::linalg_vector_norm(part(tensors.firstMoments)
                                               .mul(numbers.beta1)
                                               .add_(gradient, 1.0 - numbers.beta1)
                                               .div_(spread)));
  }
  return at::linalg_vector_norm(at::stack(norms)) / firstCorrection;
}

}  // namespace

std::vector<double> limitedRates(const AdamWTensors& tensors, const AdamWNumbers& numbers,
                                 double most) {
  const size_t count = tensors.values.size();
  std::vector<at::Tensor> norms;  // of the weights, then of the directions
  norms.reserve(2 * count);
  for (const at::Tensor& value : tensors.values) norms.push_back(at::linalg_vector_norm(value));
  for (size_t i = 0; i < count; ++i) norms.push_back(directionNorm(tensors, i, numbers));
  // All at once: on a GPU the program waits here.
  const at::Tensor found = at::stack(norms).to(at::kCPU, at::kDouble);
  const auto* const sizes = found.const_data_ptr<double>();
  const auto* const directions = sizes + count;
  std::vector<double> rates;
  rates.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const double least = kLeastSize * std::sqrt(static_cast<double>(tensors.values[i].numel()));
    const double allowed = most * std::max(sizes[i], least);
    const bool isTooMuch = numbers.learningRate * directions[i] > allowed;
    rates.push_back(isTooMuch ? allowed / directions[i] : numbers.learningRate);
  }
  return rates;
}

}  // namespace fewsound
