#pragma once

#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/train/objective.h"

namespace fewsound {

/// Cross-entropy of a classifier. A step hears one part of recordings [recordings, samples], as
/// batch norm takes its statistics of all of them.
class ClassifierObjective final : public Objective {
 public:
  explicit ClassifierObjective(std::shared_ptr<WaveformClassifier> model);

  NamedTensors parameters() const override { return learnableOf(*model_); }
  double accumulate(const Batch& batch) override;
  std::vector<at::Tensor> statistics() const override { return model_->buffers(); }
  /// By the running statistics.
  Evaluation evaluate(const Batch& batch) override;

 private:
  /// The recordings and the classes of a batch, checked, where the model is.
  struct Examples {
    at::Tensor audio;    // [recordings, samples]
    at::Tensor classes;  // [recordings]
  };
  Examples examplesIn(const Batch& batch) const;

  std::shared_ptr<WaveformClassifier> model_;
};

}  // namespace fewsound
