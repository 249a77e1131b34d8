#include "native/nn/waveform/waveform_layers.h"

#include <ATen/ATen.h>

namespace fewsound {
namespace {

// PyTorch's own.
constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

}  // namespace

CentredConv::CentredConv(const Shape& shape, const Initializer& initializer)
    : torch::nn::Module("CentredConv"), shape_(shape) {
  const double bound = usualBound(shape.in * shape.kernel);
  weight_ =
      register_parameter("weight", initializer.uniform({shape.out, shape.in, shape.kernel}, bound));
  if (shape.bias) bias_ = register_parameter("bias", initializer.uniform({shape.out}, bound));
}

at::Tensor CentredConv::forward(const at::Tensor& x) const {
  const auto [in, out, kernel, stride, dilation, hasBias] = shape_;
  const int64_t time = x.size(2);
  const int64_t frames = (time + stride - 1) / stride;
  const int64_t reach = dilation * (kernel - 1);
  const int64_t left = reach / 2;
  // Negative where a stride passes over the last samples.
  const int64_t right = (frames - 1) * stride + reach + 1 - time - left;
  const bool even = left == right && stride == 1;
  const at::Tensor padded = even ? x : at::constant_pad_nd(x, {left, right});
  if (stride == 1 || dilation > 1 || kernel % stride != 0) {
    return at::conv1d(padded, weight_, bias_, {stride}, at::IntArrayRef{even ? left : 0},
                      {dilation});
  }
  // Samples that a step passes over become channels: the same sums, as a convolution of stride 1
  // over rows that are used once, which is several times faster for a waveform's one channel.
  const int64_t rows = frames - 1 + kernel / stride;
  const at::Tensor folded = padded.view({x.size(0), in, rows, stride})
                                .transpose(2, 3)
                                .reshape({x.size(0), in * stride, rows});
  const at::Tensor weight = weight_.view({out, in, kernel / stride, stride})
                                .transpose(2, 3)
                                .reshape({out, in * stride, kernel / stride});
  return at::conv1d(folded, weight, bias_);
}

BatchNorm::BatchNorm(int64_t channels, const Initializer& initializer)
    : torch::nn::Module("BatchNorm") {
  const at::Tensor zeros = initializer.uniform({channels}, 0.0);
  weight_ = register_parameter("weight", at::ones_like(zeros));
  bias_ = register_parameter("bias", zeros);
  mean_ = register_buffer("running_mean", at::zeros_like(zeros));
  variance_ = register_buffer("running_var", at::ones_like(zeros));
}

at::Tensor BatchNorm::forward(const at::Tensor& x, bool learning) const {
  return at::batch_norm(x, weight_, bias_, mean_, variance_, learning, kMomentum, kEpsilon,
                        /*cudnn_enabled=*/true);
}

Dense::Dense(int64_t in, int64_t out, const Initializer& initializer) : torch::nn::Module("Dense") {
  const double bound = usualBound(in);
  weight_ = register_parameter("weight", initializer.uniform({out, in}, bound));
  bias_ = register_parameter("bias", initializer.uniform({out}, bound));
}

at::Tensor Dense::forward(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

at::Tensor maxPool(const at::Tensor& x, int64_t width) {
  return width == 1 ? x : at::max_pool1d(x, {width});
}

}  // namespace fewsound
