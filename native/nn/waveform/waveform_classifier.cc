#include "native/nn/waveform/waveform_classifier.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

namespace fewsound {

void classifierFields(OptionVisitor& visit, ClassifierOptions& options, int64_t leastSamples) {
  visit({.name = "classes", .meaning = "How many classes there are."}, options.classes,
        Whole{2, 65'536});
  visit({.name = "samples", .meaning = "Samples of a recording."}, options.samples,
        Whole{leastSamples, kMostRecordingSamples});
}

WaveformClassifier::WaveformClassifier(const char* name, const ClassifierOptions& options)
    : Model(name), samples_(options.samples), classes_(options.classes) {}

at::Tensor WaveformClassifier::forward(const at::Tensor& audio, const ClassifierPass& pass) {
  checkAudio(audio);
  if (pass.learning) {
    TORCH_CHECK_VALUE(audio.size(0) > 1,
                      "there is one recording; batch norm needs two or more to learn from");
  }
  return compute(audio, pass);
}

}  // namespace fewsound
