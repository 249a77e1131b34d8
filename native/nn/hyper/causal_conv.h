#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>

#include "native/nn/initializer.h"

namespace fewsound {

/// A convolution that hears nothing of the future: dilation·(kernel - 1) zeros on the left, none on
/// the right. Parameters `weight` [out, in, kernel] and `bias` [out].
class CausalConv : public torch::nn::Module {
 public:
  struct Shape {
    int64_t in;
    int64_t out;
    int64_t kernel;
    int64_t stride = 1;
    int64_t dilation = 1;
  };

  CausalConv(const Shape& shape, const Initializer& initializer);

  /// [batch, in, time] -> [batch, out, ceil(time / stride)]
  at::Tensor forward(const at::Tensor& x) const;

 private:
  Shape shape_;
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace fewsound
