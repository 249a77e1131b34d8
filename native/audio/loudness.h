#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

struct LoudnessShape {
  int64_t sampleRate;
  int64_t window;  // samples under a periodic Hann window; the size of the transform
  int64_t hop;
  /// Magnitudes in decibels, as the weighting is. False: in natural logarithms, to which the
  /// weighting is added as it is, as VoiceBlock has it.
  bool decibels;
};

/// A-weighted loudness (IEC 61672), frame by frame: the mean over the frequencies of log(|X| +
/// 1e-7) plus the weighting, which is no less than -80 dB. Frames are centered, with silence around
/// the signal. signal [batch, samples] -> [batch, samples / hop + 1].
at::Tensor loudness(const at::Tensor& signal, const LoudnessShape& shape);

}  // namespace fewsound
