#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/nn/hyper/conv_stack.h"
#include "native/nn/hyper/encoder.h"

namespace fewsound {

/// SoundStream's encoder (Zeghidour et al. 2021), as paper 1 has it for FewSound.
struct SoundStreamOptions {
  int64_t channels = 16;   // C, doubled by every block
  int64_t dimension = 32;  // D, of a code
  std::vector<int64_t> strides{2, 4, 5, 8};
  bool layerNorm = true;
};

void fields(OptionVisitor& visit, SoundStreamOptions& options);

/// Causal convolutions in the manner of SoundStream (Zeghidour et al. 2021), without its quantizer.
/// A convolution to C channels; for every stride a block of three residual units and a strided
/// convolution that doubles the channels; a convolution to D channels.
class SoundStreamEncoder : public Encoder {
 public:
  SoundStreamEncoder(const SoundStreamOptions& options, int64_t samples,
                     const Initializer& initializer);

  /// A code holds its numbers channel by channel.
  at::Tensor forward(const at::Tensor& audio) const override;
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  std::vector<ConvStage> stages_;
};

}  // namespace fewsound
