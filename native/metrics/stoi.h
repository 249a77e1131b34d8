#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

struct Stoi {
  double score;
  /// Whether less than 30 frames of speech were left: the score is then the fixed 1e-5.
  bool tooShort;
};

/// Short-time objective intelligibility (Taal, Hendriks, Heusdens and Jensen 2011), about 0 to 1,
/// or its extended form (Jensen and Taal 2016). Computed in double at 10 kHz, silent frames of the
/// reference left out, as the Python package pystoi 0.4.1 computes it.
///
/// That package adds noise of 2e-16 to the extended form, against divisions by zero, so that a part
/// of the spectrum where nothing is gets a random correlation there; here it gets 0, the mean.
///
/// reference, degraded: [samples], of one length; sampleRate in Hz
Stoi stoi(const at::Tensor& reference, const at::Tensor& degraded, int64_t sampleRate,
          bool extended);

}  // namespace fewsound
