#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "native/nn/options.h"

namespace fewsound {

/// A convolutional layer of a waveform CNN: kernels of one or several widths side by side.
struct WaveformLayer {
  std::vector<int64_t> kernels;
  int64_t filters = 1;  // of each kernel width
  int64_t stride = 1;
  int64_t pooling = 1;  // 1: none
};

/// CNN on a raw waveform (paper 2, section 3.1); the default is the segmental one.
struct WaveformCnnOptions : InrOptions {
  int64_t samples = 16'000;
  int64_t classes = 2;
  std::vector<WaveformLayer> layers{{.kernels = {300}, .filters = 80, .stride = 10, .pooling = 2},
                                    {.kernels = {7}, .filters = 100, .stride = 1, .pooling = 2},
                                    {.kernels = {3}, .filters = 100, .stride = 1, .pooling = 2}};
  int64_t hidden = 1024;  // width of the dense layer
  double dropout = 0.25;
};

enum class TssdnetBlock : uint8_t {
  kResidual,   // three convolutions and a shortcut
  kInception,  // four dilated convolutions side by side
};

/// Time-domain synthetic speech detection nets (Hua, Teoh, Zhang 2021).
struct TssdnetOptions : InrOptions {
  int64_t samples = 96'000;
  int64_t classes = 2;
  TssdnetBlock block = TssdnetBlock::kResidual;
};

using AnyClassifierOptions = std::variant<WaveformCnnOptions, TssdnetOptions>;

}  // namespace fewsound
