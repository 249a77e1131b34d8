#include "native/nn/waveform/make_classifier.h"

#include "native/nn/waveform/tssdnet.h"
#include "native/nn/waveform/waveform_cnn.h"

namespace fewsound {

std::shared_ptr<WaveformClassifier> makeClassifier(const AnyClassifierOptions& options) {
  if (const auto* tssdnet = std::get_if<TssdnetOptions>(&options)) {
    return std::make_shared<Tssdnet>(*tssdnet);
  }
  return std::make_shared<WaveformCnn>(std::get<WaveformCnnOptions>(options));
}

}  // namespace fewsound
