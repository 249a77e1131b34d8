#include "native/nn/initializer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace fewsound {

Initializer::Initializer(const InrOptions& options) : dtype_(options.dtype) {
  TORCH_CHECK_VALUE(dtype_ == at::kFloat || dtype_ == at::kDouble, "dtype is ", dtype_,
                    "; expected float32 or float64");
  if (options.seed) generator_ = at::make_generator<at::CPUGeneratorImpl>(*options.seed);
}

at::Tensor Initializer::uniform(at::IntArrayRef shape, double bound) const {
  return at::empty(shape, dtype_).uniform_(-bound, bound, generator_);
}

at::Tensor Initializer::normal(at::IntArrayRef shape, double deviation) const {
  return at::empty(shape, dtype_).normal_(0.0, deviation, generator_);
}

}  // namespace fewsound
