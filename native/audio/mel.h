#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

/// Slaney mel filterbank (Slaney scale and area normalization, 0 to sampleRate/2), [mels, fftSize/2
/// + 1]. Bands that no bin falls into are zero rows.
at::Tensor melFilterbank(int64_t sampleRate, int64_t fftSize, int64_t mels,
                         const at::TensorOptions& options);

/// Magnitudes are roots of at least that power: it keeps the root's gradient finite in silence.
constexpr double kLeastPower = 1e-8;

/// Throws unless a signal can be reflected at its ends by half of the FFT size.
void checkLongEnough(int64_t samples, int64_t fftSize);

/// Mel magnitudes F·sqrt(max(|X|^2, kLeastPower)) of the centered short-time Fourier transform X
/// with reflection at the ends and hop fftSize/4. signal [batch, samples], window [fftSize],
/// filterbank [mels, fftSize/2 + 1] -> [batch, mels, frames]. Needs more than fftSize/2 samples.
at::Tensor melSpectrogram(const at::Tensor& signal, const at::Tensor& window,
                          const at::Tensor& filterbank);

}  // namespace fewsound
