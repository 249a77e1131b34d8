#include "native/nn/waveform/tssdnet.h"
#include "native/nn/waveform/waveform_cnn.h"

namespace fewsound {
namespace {

/// Layers whose kernels have one width each (paper 2, section 3.1). The authors' program has 100
/// filters in the second layer where the paper says 80.
WaveformCnnOptions ofFirstWidth(int64_t kernel) {
  WaveformCnnOptions options;
  options.layers.front().kernels = {kernel};
  return options;
}

/// Several widths side by side in every layer (paper 2, section 3.1). The authors' program has
/// kernels of 15 in the second layer too.
WaveformCnnOptions ofSeveralWidths() {
  WaveformCnnOptions options;
  options.layers = {
      {.kernels = {10, 30, 50, 70, 90, 150, 300, 500}, .filters = 10, .stride = 10, .pooling = 3},
      {.kernels = {3, 6, 9, 12}, .filters = 20, .stride = 1, .pooling = 3},
      {.kernels = {3, 5, 7, 9}, .filters = 25, .stride = 1, .pooling = 1}};
  return options;
}

template <class Classifier, class Options>
Kind<WaveformClassifier> row(const char* name, const char* optionsName, Options defaults) {
  return kindOf<Classifier, WaveformClassifier>(name, optionsName, std::move(defaults));
}

}  // namespace

template <>
const std::vector<Kind<WaveformClassifier>>& AnyClassifierOptions::rows() {
  static const std::vector<Kind<WaveformClassifier>> rows{
      row<WaveformCnn>("segmental-cnn", "WaveformCnnOptions", ofFirstWidth(300)),
      row<WaveformCnn>("sub-segmental-cnn", "WaveformCnnOptions", ofFirstWidth(30)),
      row<WaveformCnn>("multi-resolution-cnn", "WaveformCnnOptions", ofSeveralWidths()),
      row<Tssdnet>("res-tssdnet", "TssdnetOptions", TssdnetOptions(TssdnetBlock::kResidual)),
      row<Tssdnet>("inc-tssdnet", "TssdnetOptions", TssdnetOptions(TssdnetBlock::kInception)),
  };
  return rows;
}

std::shared_ptr<WaveformClassifier> makeClassifier(const AnyClassifierOptions& options) {
  return options.make();
}

}  // namespace fewsound
