#pragma once

#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/nn/waveform/waveform_layers.h"

namespace fewsound {

/// A convolutional layer of a waveform CNN: kernels of one or several widths side by side.
struct WaveformLayer {
  std::vector<int64_t> kernels;
  int64_t filters = 1;  // of each kernel width
  int64_t stride = 1;
  int64_t pooling = 1;  // 1: none
};

struct WaveformCnnOptions : ClassifierOptions {
  std::vector<WaveformLayer> layers{{.kernels = {300}, .filters = 80, .stride = 10, .pooling = 2},
                                    {.kernels = {7}, .filters = 80, .stride = 1, .pooling = 2},
                                    {.kernels = {3}, .filters = 100, .stride = 1, .pooling = 2}};
  int64_t hidden = 1024;  // width of the dense layer
  double dropout = 0.25;
};

void fields(OptionVisitor& visit, WaveformLayer& layer);
void fields(OptionVisitor& visit, WaveformCnnOptions& options);

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
