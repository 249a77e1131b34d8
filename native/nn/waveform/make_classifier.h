#pragma once

#include <memory>

#include "native/nn/waveform/waveform_classifier.h"

namespace fewsound {

std::shared_ptr<WaveformClassifier> makeClassifier(const AnyClassifierOptions& options);

}  // namespace fewsound
