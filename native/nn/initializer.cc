#include "native/nn/initializer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace fewsound {

Initializer::Initializer(const ModelOptions& options)
    : options_(at::dtype(options.dtype).device(options.withoutMemory ? at::kMeta : at::kCPU)) {
  checkOptions(options);
  if (options.seed) generator_ = at::make_generator<at::CPUGeneratorImpl>(*options.seed);
}

at::Tensor Initializer::uniform(at::IntArrayRef shape, double bound) const {
  const at::Tensor tensor = at::empty(shape, options_);
  return hasMemory() ? tensor.uniform_(-bound, bound, generator_) : tensor;
}

at::Tensor Initializer::normal(at::IntArrayRef shape, double deviation) const {
  const at::Tensor tensor = at::empty(shape, options_);
  return hasMemory() ? tensor.normal_(0.0, deviation, generator_) : tensor;
}

}  // namespace fewsound
