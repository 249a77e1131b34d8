#pragma once

#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/nn/waveform/waveform_layers.h"

namespace fewsound {

/// The segmental, sub-segmental and multi-resolution CNNs of paper 2, section 3.1: after each
/// convolution ELU, batch norm and max-pooling; then a dense layer with ReLU, dropout, and one that
/// gives the logits.
class WaveformCnn : public WaveformClassifier {
 public:
  explicit WaveformCnn(const WaveformCnnOptions& options);

 protected:
  at::Tensor compute(const at::Tensor& audio, const ClassifierPass& pass) override;

 private:
  struct Layer;

  double dropout_;
  std::vector<std::shared_ptr<Layer>> layers_;
  std::shared_ptr<Dense> dense_;
  std::shared_ptr<Dense> output_;
};

}  // namespace fewsound
