#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/weight_and_bias.h"

namespace fewsound {

/// SNAC's encoder (Siuzdak et al. 2024), as paper 1 has it for FewSound.
struct SnacOptions {
  int64_t channels = 32;  // d, doubled by every block
  std::vector<int64_t> strides{4, 4, 8, 8};
  int64_t window = 16;     // of the attention; 0: without
  int64_t headWidth = 64;  // of the attention
  int64_t width = 3296;    // of a code; 0: all that the convolutions give
};

void fields(OptionVisitor& visit, SnacOptions& options);

/// The encoder of SNAC (Siuzdak et al. 2024) without its quantizers, as paper 1 has it: a
/// convolution to d channels; for every stride a block of three residual units and a strided
/// convolution that doubles the channels; attention within windows of time; a convolution; and all
/// its numbers, made fewer and mapped to a code. Convolutions are weight-normalized, and all but
/// the first and the last hear a Snake activation.
///
/// Recordings are filled up with zeros at their end, as SNAC's are, to a multiple of the product of
/// the strides and the window.
class SnacEncoder : public Encoder {
 public:
  SnacEncoder(const SnacOptions& options, int64_t samples, const Initializer& initializer);

  at::Tensor forward(const at::Tensor& audio) const override;
  int64_t width() const override { return width_; }

 private:
  struct Convolution;
  struct Block;
  struct LocalAttention;

  int64_t samples_;  // with the zeros at the end
  int64_t width_;
  std::shared_ptr<Convolution> first_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<LocalAttention> attention_;  // null without
  std::shared_ptr<Convolution> last_;
  std::shared_ptr<WeightAndBias> reduce_;   // null where the code is all that `last` gives
  std::shared_ptr<WeightAndBias> project_;  // as reduce
};

}  // namespace fewsound
