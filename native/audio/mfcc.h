#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

/// How mel-frequency cepstral coefficients are made.
struct MfccShape {
  int64_t sampleRate;
  int64_t window;        // samples under a periodic Hann window; the size of the transform
  int64_t hop;           // divides the window
  int64_t mels;          // bands of equal width on the HTK scale from 0 to half the rate
  int64_t coefficients;  // the first ones are kept
};

/// Mel-frequency cepstral coefficients as torchaudio's MFCC with log_mels computes them: centered
/// frames with reflection, powers, triangles of height 1, log(x + 1e-6), an orthonormal DCT-II.
/// signal [batch, samples] -> [batch, coefficients, samples / hop + 1]; needs more than half a
/// window of samples.
at::Tensor mfcc(const at::Tensor& signal, const MfccShape& shape);

}  // namespace fewsound
