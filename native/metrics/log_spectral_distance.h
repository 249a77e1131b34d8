#pragma once

#include <ATen/core/Tensor.h>

namespace fewsound {

/// Log-spectral distance. With magnitudes T of the reference and P of the degraded signal (Fourier
/// transforms of int(2048 · rate / 44100) samples, hop int(rate / 100), periodic Hann window,
/// frames centered, zeros beyond the ends): log10(T² / (P + 1e-12)² + 1e-12)², mean over frequency,
/// square root, mean over time.
///
/// Computed in double: in single precision the noise of the transform is the floor of bands that
/// hold nothing, and that differs from processor to processor.
///
/// reference, degraded: [samples], float32, of one length; sampleRate in Hz, 100 or more
double logSpectralDistance(const at::Tensor& reference, const at::Tensor& degraded,
                           double sampleRate);

}  // namespace fewsound
