#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace fewsound::cpu {

/// Short-time spectra of one clip at a time, frames centered with reflection: forward, and back
/// from the gradient of the spectra to that of the samples. Frames are worked on in chunks that
/// stay in cache; different chunks may be worked on by different threads.
template <typename T>
class FramedSpectra {
 public:
  /// window [fftSize]; the hop divides its size.
  FramedSpectra(const at::Tensor& window, int64_t hop, int64_t samples);

  int64_t fftSize() const { return fftSize_; }
  int64_t bins() const { return fftSize_ / 2 + 1; }
  int64_t frames() const { return frames_; }
  int64_t chunks() const { return (frames_ + framesPerChunk_ - 1) / framesPerChunk_; }
  int64_t firstFrame(int64_t chunk) const { return chunk * framesPerChunk_; }
  int64_t endFrame(int64_t chunk) const;

  /// Computes the spectra of a chunk's frames, complex [frames of the chunk, bins] as pairs of
  /// numbers, which stay until `backward`.
  T* forward(int64_t chunk, const T* signal);
  /// The spectra of a chunk, to be replaced by their gradient: what the loss changes by with the
  /// real and the imaginary part of a bin, halved in all bins but the first and the last, for the
  /// inverse transform counts those twice.
  T* spectra(int64_t chunk);
  /// From that gradient to that of the windowed frames, which is kept.
  void backward(int64_t chunk);

  /// Adds the gradient of the samples [first, end), where nothing is reflected to, from all frames.
  void overlapAdd(int64_t first, int64_t end, T* gradient) const;
  /// Adds what the reflected margins contribute. For one thread, after all of `overlapAdd`.
  void addMargins(T* gradient) const;

 private:
  void gatherFrame(const T* signal, int64_t frame, T* to) const;
  /// Gradient at a place of the reflected signal, from all frames over it.
  T gradientAt(int64_t padded) const;

  int64_t fftSize_;
  int64_t hop_;
  int64_t samples_;
  int64_t frames_;
  int64_t framesPerChunk_;
  std::vector<T> window_;
  at::Tensor frameBuffer_;           // [frames, fftSize]: windowed frames, then their gradient
  std::vector<at::Tensor> spectra_;  // by chunk
};

}  // namespace fewsound::cpu
