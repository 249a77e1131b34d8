#include "native/nn/hyper/snake.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "native/gradients_through.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kLeastAlpha = 1e-9;  // SNAC's: added where it is divided by

class SnakeFunction : public torch::autograd::Function<SnakeFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& alpha) {
    context->save_for_backward({x, alpha});
    return (alpha * x).sin_().square_().div_(alpha + kLeastAlpha).add_(x);
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& alpha = saved[1];
    if (at::GradMode::is_enabled()) {
      return gradientsThrough([&] { return snakeReference(x, alpha); }, saved, outputGradients[0]);
    }
    // y = x + (1 - cos 2αx)/2d with d = α + ε: dy/dx = 1 + sin(2αx)·α/d, and
    // dy/dα = sin(2αx)·x/d - sin²(αx)/d².
    const at::Tensor divisor = alpha + kLeastAlpha;
    at::Tensor slopes = (2.0 * alpha * x).sin_().mul_(outputGradients[0]);
    const at::Tensor squares = (alpha * x).sin_().square_();
    const at::Tensor ofAlpha =
        ((slopes * x).sum({0, 2}, /*keepdim=*/true) -
         (outputGradients[0] * squares).sum({0, 2}, /*keepdim=*/true) / divisor) /
        divisor;
    return {slopes.mul_(alpha / divisor).add_(outputGradients[0]), ofAlpha};
  }
};

}  // namespace

at::Tensor snake(const at::Tensor& x, const at::Tensor& alpha) {
  return SnakeFunction::apply(x, alpha);
}

at::Tensor snakeReference(const at::Tensor& x, const at::Tensor& alpha) {
  return x + at::sin(alpha * x).square() / (alpha + kLeastAlpha);
}

}  // namespace fewsound
