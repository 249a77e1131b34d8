#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/nn/hyper/hyper_options.h"
#include "native/nn/initializer.h"

namespace fewsound {

/// The encoder E: causal convolutions in the manner of SoundStream (Zeghidour et al. 2021), without
/// its quantiser. A convolution to C channels; for every stride a block of three residual units and
/// a strided convolution that doubles the channels; a convolution to D channels.
class SoundStreamEncoder : public torch::nn::Module {
 public:
  /// `samples` matters with layer norm only.
  SoundStreamEncoder(const SoundStreamOptions& options, int64_t samples,
                     const Initializer& initializer);

  /// [batch, samples] -> [batch, width(samples)], channel by channel.
  at::Tensor forward(const at::Tensor& audio) const;

  /// Numbers in the code of so many samples.
  int64_t width(int64_t samples) const;

 private:
  struct Stage;
  struct ResidualUnit;
  struct Block;

  SoundStreamOptions options_;
  std::shared_ptr<Stage> first_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<Stage> last_;
};

}  // namespace fewsound
