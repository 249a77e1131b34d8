// Random stacks of dense layers.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <vector>

#include "native/mlp/mlp_stack.h"

namespace fewsound::test {

struct MlpCase {
  at::Tensor x;
  std::vector<DenseLayer> layers;
  MlpForm form;

  /// Everything that has a gradient.
  std::vector<at::Tensor> leaves() const {
    std::vector<at::Tensor> all{x};
    for (const auto& [weight, bias, omega] : layers) {
      all.push_back(weight);
      all.push_back(bias);
      if (omega.defined()) all.push_back(omega);
    }
    return all;
  }

  /// The same with tensors that `convert` gives.
  MlpCase with(const std::function<at::Tensor(const at::Tensor&)>& convert) const {
    MlpCase made{.x = convert(x), .layers = {}, .form = form};
    for (const auto& [weight, bias, omega] : layers) {
      made.layers.push_back(
          {convert(weight), convert(bias), omega.defined() ? convert(omega) : at::Tensor()});
    }
    return made;
  }

  /// The same in another real dtype, with gradients wanted.
  MlpCase in(at::ScalarType dtype) const {
    return with([dtype](const at::Tensor& tensor) {
      const auto target = tensor.is_complex() ? c10::toComplexType(dtype) : dtype;
      return tensor.detach().to(target).clone().requires_grad_();
    });
  }
};

struct MlpShape {
  Activation activation = Activation::kRelu;
  std::vector<int64_t> widths;  // from the features to the output
  int64_t samples = 1;
  int64_t sets = 0;  // of weights, one for each sample of a batch; 0: own weights
  bool sharesX = false;
  bool omegaEach = false;  // one omega for each set
};

/// In float64, of such sizes that activations are neither tiny nor saturated.
inline MlpCase mlpCase(const MlpShape& shape) {
  const bool gabor = shape.activation == Activation::kGabor;
  const auto normal = [](std::vector<int64_t> sizes, int64_t sets, bool complex) {
    if (sets > 0) sizes.insert(sizes.begin(), sets);
    return at::randn(sizes, complex ? at::kComplexDouble : at::kDouble);
  };
  const auto [samples, sets] = std::pair(shape.samples, shape.sets);
  MlpCase made{.x = normal({samples, shape.widths[0]}, shape.sharesX ? 0 : sets, false),
               .layers = {},
               .form = {.activation = shape.activation, .scale = gabor ? 0.7 : 0.0}};
  for (size_t i = 0; i + 1 < shape.widths.size(); ++i) {
    const int64_t in = shape.widths[i];
    const int64_t out = shape.widths[i + 1];
    const bool last = i + 2 == shape.widths.size();
    const double omega = i == 0 ? 3.0 : 1.5;
    const bool scales =
        shape.activation == Activation::kSine || shape.activation == Activation::kFiner;
    const double size = std::sqrt(1.0 / static_cast<double>(in)) / (scales ? omega : 1.0);
    DenseLayer layer{.weight = normal({out, in}, sets, gabor && i > 0) * size,
                     .bias = normal({out}, sets, gabor && i > 0) * 0.3,
                     .omega = {}};
    if (scales || (gabor && !last)) {
      const std::vector<int64_t> each{sets, 1, 1};
      layer.omega = shape.omegaEach && sets > 0 ? omega + 0.3 * at::rand(each, at::kDouble)
                                                : at::full({1}, omega, at::kDouble);
    }
    made.layers.push_back(layer);
  }
  return made;
}

using MlpFunction = at::Tensor (*)(const at::Tensor&, const std::vector<DenseLayer>&,
                                   const MlpForm&);

/// The output, and the gradients of all leaves that require one.
inline std::vector<at::Tensor> outputAndGradients(const MlpCase& c, MlpFunction stack) {
  for (const at::Tensor& each : c.leaves()) each.mutable_grad() = at::Tensor();
  const at::Tensor y = stack(c.x, c.layers, c.form);
  // Of one sign, so that its sums are not small beside what they are sums of.
  at::manual_seed(5);
  y.backward(at::rand(y.sizes(), at::kDouble).add_(0.5).to(y.scalar_type()));
  std::vector<at::Tensor> results{y.detach()};
  for (const at::Tensor& each : c.leaves()) {
    if (each.requires_grad()) results.push_back(each.grad());
  }
  return results;
}

}  // namespace fewsound::test
