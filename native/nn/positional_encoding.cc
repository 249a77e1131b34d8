#include "native/nn/positional_encoding.h"

#include <ATen/ATen.h>

#include <numbers>

#include "native/nn/option_checks.h"

namespace fewsound {

PositionalEncoding::PositionalEncoding(int64_t length, bool learnable, at::ScalarType dtype)
    : learnable_(learnable) {
  checkRange("encoding", length, 1, 64);  // 2^63 pi t is past what either dtype can resolve
  const at::Tensor frequencies =
      at::pow(2.0, at::arange(length, at::kDouble)).mul_(std::numbers::pi).to(dtype);
  frequencies_ = learnable ? register_parameter("frequencies", frequencies)
                           : register_buffer("frequencies", frequencies);
}

at::Tensor PositionalEncoding::forward(const at::Tensor& t) const {
  const at::Tensor phase = t * frequencies_;
  return at::cat({phase.sin(), phase.cos()}, -1);
}

}  // namespace fewsound
