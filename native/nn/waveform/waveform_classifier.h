#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "native/nn/kinds.h"
#include "native/nn/model.h"

namespace fewsound {

/// What the options of every classifier have.
struct ClassifierOptions : ModelOptions {
  int64_t samples = 16'000;
  int64_t classes = 2;
};

/// The fields for the classes and the samples, of which there are `leastSamples` at least.
void classifierFields(OptionVisitor& visit, ClassifierOptions& options, int64_t leastSamples = 1);

/// One pass through a classifier.
struct ClassifierPass {
  /// Batch norm by the batch's own statistics, which move the running ones, and dropout; else by
  /// the running statistics, without dropout.
  bool learning = false;
  /// Draws the dropout, on the CPU; without it the process-wide generator does.
  std::optional<at::Generator> generator;
};

/// A network that hears a waveform and says how likely each class is.
class WaveformClassifier : public Model {
 public:
  /// Logits [batch, classes] of recordings [batch, samples].
  at::Tensor forward(const at::Tensor& audio, const ClassifierPass& pass = {});

  int64_t samples() const { return samples_; }
  int64_t classes() const { return classes_; }

  /// Throws unless these are recordings [batch, samples] of the model's dtype.
  void checkAudio(const at::Tensor& audio) const { checkRecordings(audio, samples_); }

 protected:
  WaveformClassifier(const char* name, const ClassifierOptions& options);

  /// The same, of recordings that were checked.
  virtual at::Tensor compute(const at::Tensor& audio, const ClassifierPass& pass) = 0;

 private:
  int64_t samples_;
  int64_t classes_;
};

/// The options of a classifier of any kind.
using AnyClassifierOptions = AnyOptions<WaveformClassifier>;
template <>
const std::vector<Kind<WaveformClassifier>>& AnyClassifierOptions::rows();

std::shared_ptr<WaveformClassifier> makeClassifier(const AnyClassifierOptions& options);

}  // namespace fewsound
