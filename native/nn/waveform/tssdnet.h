#pragma once

#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/nn/waveform/waveform_layers.h"

namespace fewsound {

enum class TssdnetBlock : uint8_t {
  kResidual,   // three convolutions and a shortcut
  kInception,  // four dilated convolutions side by side
};

struct TssdnetOptions : ClassifierOptions {
  explicit TssdnetOptions(TssdnetBlock kind = TssdnetBlock::kResidual) : block(kind) {
    samples = 96'000;  // six seconds at 16 kHz
  }
  TssdnetBlock block;  // what tells the two kinds apart, not an option of either
};

void fields(OptionVisitor& visit, TssdnetOptions& options);

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
