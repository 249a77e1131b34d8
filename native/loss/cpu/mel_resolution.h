#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace fewsound::cpu {

/// The mel spectrogram of one FFT size, centered with reflection, hop fftSize/4, for one clip at a
/// time: forward, and backward from mel bands to the samples. Frames are worked on in chunks that
/// stay in cache, bands and bins with the frames of a chunk side by side, since a band has few
/// bins. Different chunks may be worked on by different threads. SPEC "Loss".
template <typename T>
class MelResolution {
 public:
  /// window [fftSize], filterbank [mels, fftSize/2 + 1]
  MelResolution(const at::Tensor& window, const at::Tensor& filterbank, int64_t samples);

  int64_t frames() const { return frames_; }
  int64_t mels() const { return mels_; }
  int64_t chunks() const { return (frames_ + framesPerChunk_ - 1) / framesPerChunk_; }
  int64_t firstFrame(int64_t chunk) const { return chunk * framesPerChunk_; }
  int64_t endFrame(int64_t chunk) const;

  /// Mel bands of a chunk's frames, [mels, frames of the chunk]. Keeps what `backward` needs.
  void forward(int64_t chunk, const T* signal, T* mel);

  /// From the gradient of a chunk's mel bands, laid out as they are, to that of its windowed
  /// frames, which it keeps.
  void backward(int64_t chunk, const T* melGradient);

  /// Adds the gradient of the samples [first, end), where nothing is reflected to, from all frames.
  void overlapAdd(int64_t first, int64_t end, T* gradient) const;

  /// Adds what the reflected margins contribute. For one thread, after all of `overlapAdd`.
  void addMargins(T* gradient) const;

 private:
  /// The bins of a band that are not zero.
  struct Band {
    int64_t firstBin;
    int64_t endBin;
    std::vector<T> weights;
  };

  int64_t bins() const { return fftSize_ / 2 + 1; }
  void gatherFrame(const T* signal, int64_t frame, T* to) const;
  /// Gradient at a place of the reflected signal, from all frames over it.
  T gradientAt(int64_t padded) const;

  int64_t fftSize_;
  int64_t hop_;
  int64_t samples_;
  int64_t frames_;
  int64_t framesPerChunk_;
  int64_t mels_;
  std::vector<T> window_;
  std::vector<Band> bands_;
  // By chunk, [bins, frames of the chunk]: half of the spectrum's slope, 0.5 / magnitude.
  std::vector<T> slopes_;
  at::Tensor frameBuffer_;  // [frames, fftSize]: windowed frames, then their gradient
  // By chunk, complex [frames of the chunk, bins]: the spectrum, then its gradient.
  std::vector<at::Tensor> spectra_;
};

}  // namespace fewsound::cpu
