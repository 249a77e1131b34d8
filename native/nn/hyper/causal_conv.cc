#include "native/nn/hyper/causal_conv.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fewsound {

CausalConv::CausalConv(const Shape& shape, const Initializer& initializer)
    : torch::nn::Module("CausalConv"), shape_(shape) {
  // What PyTorch's convolutions start from.
  const double bound = 1.0 / std::sqrt(static_cast<double>(shape.in * shape.kernel));
  weight_ =
      register_parameter("weight", initializer.uniform({shape.out, shape.in, shape.kernel}, bound));
  bias_ = register_parameter("bias", initializer.uniform({shape.out}, bound));
}

at::Tensor CausalConv::forward(const at::Tensor& x) const {
  const int64_t past = shape_.dilation * (shape_.kernel - 1);
  const at::Tensor padded = past == 0 ? x : at::constant_pad_nd(x, {past, 0});
  return at::conv1d(padded, weight_, bias_, {shape_.stride}, at::IntArrayRef{0}, {shape_.dilation});
}

}  // namespace fewsound
