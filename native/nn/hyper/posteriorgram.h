#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "native/nn/initializer.h"

namespace fewsound {

/// Phonetic posteriorgrams: what of each phoneme a frame is, before it is named (Ronssin and Cernak
/// 2021, "AC-VC: non-parallel low latency phonetic posteriorgrams based voice conversion"), as
/// VoiceBlock has them. MFCC with first and second differences, two dense layers with ReLU, two
/// LSTM layers.
///
/// Tensors are named as in VoiceBlock's checkpoints. Frozen ones are buffers, and zeros until they
/// are loaded.
class Posteriorgram : public torch::nn::Module {
 public:
  Posteriorgram(int64_t hidden, int64_t window, bool frozen, const Initializer& initializer);

  /// Cepstra [batch, 19, 2·samples / window + 1] of sound [batch, samples] at 16 kHz.
  at::Tensor cepstra(const at::Tensor& sound) const;
  /// [batch, coefficients, frames] -> [batch, frames, hidden]
  at::Tensor forward(const at::Tensor& cepstra) const;
  /// Samples from frame to frame.
  int64_t hop() const { return window_ / 2; }

 private:
  at::Tensor add(torch::nn::Module& to, const std::string& name, at::IntArrayRef shape,
                 double bound, const Initializer& initializer) const;

  int64_t window_;
  bool frozen_;
  std::vector<at::Tensor> dense_;      // weight and bias of each layer
  std::vector<at::Tensor> recurrent_;  // in the order of at::lstm
};

}  // namespace fewsound
