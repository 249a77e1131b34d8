#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <optional>

#include "native/nn/waveform/waveform_options.h"

namespace fewsound {

/// One pass through a classifier.
struct ClassifierPass {
  /// Batch norm by the batch's own statistics, which move the running ones, and dropout; else by
  /// the running statistics, without dropout.
  bool learning = false;
  /// Draws the dropout, on the CPU; without it the process-wide generator does.
  std::optional<at::Generator> generator;
};

/// A network that hears a waveform and says how likely each class is.
class WaveformClassifier : public torch::nn::Module {
 public:
  /// Logits [batch, classes] of recordings [batch, samples].
  at::Tensor forward(const at::Tensor& audio, const ClassifierPass& pass = {});

  int64_t samples() const { return samples_; }
  int64_t classes() const { return classes_; }

  /// Throws unless these are recordings [batch, samples] of the model's dtype.
  void checkAudio(const at::Tensor& audio) const;
  /// Moves everything; the tensors stay the same objects, gradients are lost.
  void moveTo(at::Device device, at::ScalarType dtype);

 protected:
  WaveformClassifier(const char* name, int64_t samples, int64_t classes);

  /// The same, of recordings that were checked.
  virtual at::Tensor compute(const at::Tensor& audio, const ClassifierPass& pass) = 0;

 private:
  int64_t samples_;
  int64_t classes_;
};

}  // namespace fewsound
