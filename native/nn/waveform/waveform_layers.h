#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>

#include "native/nn/initializer.h"

namespace fewsound {

/// A convolution over time whose output has ceil(time / stride) frames whatever the kernel: zeros
/// on both sides, so that frame j is centred at sample j·stride. Parameters `weight` [out, in,
/// kernel] and, where there is one, `bias` [out].
class CentredConv : public torch::nn::Module {
 public:
  struct Shape {
    int64_t in;
    int64_t out;
    int64_t kernel;
    int64_t stride = 1;
    int64_t dilation = 1;
    bool bias = true;
  };

  CentredConv(const Shape& shape, const Initializer& initializer);

  /// [batch, in, time] -> [batch, out, ceil(time / stride)]
  at::Tensor forward(const at::Tensor& x) const;

 private:
  Shape shape_;
  at::Tensor weight_;
  at::Tensor bias_;
};

/// Batch norm over batch and time. Parameters `weight` and `bias` [channels], buffers
/// `running_mean` and `running_var`, as PyTorch names them.
class BatchNorm : public torch::nn::Module {
 public:
  BatchNorm(int64_t channels, const Initializer& initializer);

  /// [batch, channels, time]; `learning`: by the batch's own statistics, which move the running
  /// ones.
  at::Tensor forward(const at::Tensor& x, bool learning) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor mean_;
  at::Tensor variance_;
};

/// Parameters `weight` [out, in] and `bias` [out].
class Dense : public torch::nn::Module {
 public:
  Dense(int64_t in, int64_t out, const Initializer& initializer);

  /// [batch, in] -> [batch, out]
  at::Tensor forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

/// The largest of every `width` frames; what does not fill a window is left out.
at::Tensor maxPool(const at::Tensor& x, int64_t width);

}  // namespace fewsound
