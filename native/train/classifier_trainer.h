#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"
#include "native/train/adamw.h"

namespace fewsound {

struct ClassifierTrainerOptions {
  AdamWOptions optimizer;
  double maxGradientNorm = 0.0;  // gradients are scaled down to that; 0: as they are
  int threads = 0;               // 0: LibTorch's default
};

/// What a step came to.
struct ClassifierStep {
  double loss;  // mean cross-entropy of the recordings, before the update
  /// Of all gradients together, before they were clipped. Where it or the loss is no finite number,
  /// there was no update.
  double gradientNorm;
};

/// What the model makes of some recordings.
struct ClassifierEvaluation {
  at::Tensor logits;  // [recordings, classes], on the CPU
  at::Tensor losses;  // cross-entropy [recordings], float64, on the CPU
};

/// Steps of a classifier's training by cross-entropy. Not thread safe; the model must not be used
/// elsewhere while it works.
class ClassifierTrainer {
 public:
  ClassifierTrainer(std::shared_ptr<WaveformClassifier> model, ClassifierTrainerOptions options);

  /// One update from recordings [batch, samples] of classes [batch], from 0. The seed draws the
  /// dropout.
  ClassifierStep step(const at::Tensor& audio, const std::vector<int64_t>& classes,
                      double learningRate, double beta1, uint64_t seed);

  /// By the running statistics, without gradients.
  ClassifierEvaluation evaluate(const at::Tensor& audio, const std::vector<int64_t>& classes);

  AdamW& optimizer() { return optimizer_; }

 private:
  at::Tensor targets(const at::Tensor& audio, const std::vector<int64_t>& classes) const;
  at::Tensor moved(const at::Tensor& audio) const;

  std::shared_ptr<WaveformClassifier> model_;
  ClassifierTrainerOptions options_;
  AdamW optimizer_;
};

}  // namespace fewsound
