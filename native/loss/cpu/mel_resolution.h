#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/loss/cpu/framed_spectra.h"

namespace fewsound::cpu {

/// The mel spectrogram of one FFT size, hop fftSize/4, for one clip at a time: forward, and
/// backward from mel bands to the frames. Bands and bins lie with the frames of a chunk side by
/// side, since a band has few bins.
template <typename T>
class MelResolution {
 public:
  /// window [fftSize], filterbank [mels, fftSize/2 + 1]
  MelResolution(const at::Tensor& window, const at::Tensor& filterbank, int64_t samples);

  FramedSpectra<T>& framed() { return framed_; }
  const FramedSpectra<T>& framed() const { return framed_; }
  int64_t mels() const { return mels_; }

  /// Mel bands of a chunk's frames, [mels, frames of the chunk]. Keeps what `backward` needs.
  void forward(int64_t chunk, const T* signal, T* mel);

  /// From the gradient of a chunk's mel bands, laid out as they are, to that of its windowed
  /// frames, which `framed()` keeps.
  void backward(int64_t chunk, const T* melGradient);

 private:
  /// The bins of a band that are not zero.
  struct Band {
    int64_t firstBin;
    int64_t endBin;
    std::vector<T> weights;
  };

  FramedSpectra<T> framed_;
  int64_t mels_;
  std::vector<Band> bands_;
  // By chunk, [bins, frames of the chunk]: half of the spectrum's slope, 0.5 / magnitude.
  std::vector<T> slopes_;
};

}  // namespace fewsound::cpu
