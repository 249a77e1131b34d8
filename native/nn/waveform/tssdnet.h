#pragma once

#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/nn/waveform/waveform_layers.h"

namespace fewsound {

/// Res-TSSDNet and Inc-TSSDNet (Hua, Teoh, Zhang 2021): a convolution, four blocks of convolutions
/// with pooling between them, the largest value over time, three dense layers. Tensors are named as
/// in the published checkpoints.
class Tssdnet : public WaveformClassifier {
 public:
  explicit Tssdnet(const TssdnetOptions& options);

 protected:
  at::Tensor compute(const at::Tensor& audio, const ClassifierPass& pass) override;

 private:
  struct Block;
  struct ResidualBlock;
  struct InceptionBlock;

  std::shared_ptr<CentredConv> first_;
  std::shared_ptr<BatchNorm> norm_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::vector<std::shared_ptr<Dense>> dense_;
};

}  // namespace fewsound
