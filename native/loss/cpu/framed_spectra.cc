#include "native/loss/cpu/framed_spectra.h"

#include <ATen/ops/_fft_c2r.h>
#include <ATen/ops/_fft_r2c.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace fewsound::cpu {
namespace {

constexpr int64_t kChunk = 32'768;  // numbers of a chunk's frames: they stay in the second cache

}  // namespace

template <typename T>
FramedSpectra<T>::FramedSpectra(const at::Tensor& window, int64_t hop, int64_t samples)
    : fftSize_(window.size(0)),
      hop_(hop),
      samples_(samples),
      frames_(samples / hop + 1),
      framesPerChunk_(std::max<int64_t>(1, kChunk / fftSize_)),
      window_(window.const_data_ptr<T>(), window.const_data_ptr<T>() + fftSize_),
      frameBuffer_(at::empty({frames_, fftSize_}, window.options())),
      spectra_(static_cast<size_t>(chunks())) {}

template <typename T>
int64_t FramedSpectra<T>::endFrame(int64_t chunk) const {
  return std::min(frames_, firstFrame(chunk + 1));
}

template <typename T>
void FramedSpectra<T>::gatherFrame(const T* signal, int64_t frame, T* to) const {
  const int64_t start = frame * hop_ - fftSize_ / 2;
  const T* const window = window_.data();
  if (start >= 0 && start + fftSize_ <= samples_) {
    const T* const from = signal + start;
#pragma omp simd
    for (int64_t i = 0; i < fftSize_; ++i) to[i] = from[i] * window[i];
    return;
  }
  for (int64_t i = 0; i < fftSize_; ++i) {
    const int64_t at = std::abs(start + i);
    to[i] = signal[at < samples_ ? at : 2 * (samples_ - 1) - at] * window[i];
  }
}

template <typename T>
T* FramedSpectra<T>::forward(int64_t chunk, const T* signal) {
  const int64_t first = firstFrame(chunk);
  const int64_t count = endFrame(chunk) - first;
  const at::Tensor frames = frameBuffer_.narrow(0, first, count);
  T* const frame = frames.mutable_data_ptr<T>();
  for (int64_t f = 0; f < count; ++f) gatherFrame(signal, first + f, frame + f * fftSize_);
  spectra_[static_cast<size_t>(chunk)] =
      at::_fft_r2c(frames, {1}, /*normalization=*/0, /*onesided=*/true);
  return spectra(chunk);
}

template <typename T>
T* FramedSpectra<T>::spectra(int64_t chunk) {
  const at::Tensor& spectra = spectra_[static_cast<size_t>(chunk)];
  return reinterpret_cast<T*>(spectra.mutable_data_ptr<c10::complex<T>>());
}

template <typename T>
void FramedSpectra<T>::backward(int64_t chunk) {
  const int64_t first = firstFrame(chunk);
  const int64_t count = endFrame(chunk) - first;
  const at::Tensor frames = at::_fft_c2r(spectra_[static_cast<size_t>(chunk)], {1},
                                         /*normalization=*/0, fftSize_);
  const T* from = frames.const_data_ptr<T>();
  T* to = frameBuffer_.mutable_data_ptr<T>() + first * fftSize_;
  for (int64_t f = 0; f < count; ++f, from += fftSize_, to += fftSize_) {
#pragma omp simd
    for (int64_t i = 0; i < fftSize_; ++i) to[i] = from[i] * window_[static_cast<size_t>(i)];
  }
}

template <typename T>
void FramedSpectra<T>::overlapAdd(int64_t first, int64_t end, T* gradient) const {
  const T* const frames = frameBuffer_.const_data_ptr<T>();
  // Block q of hop_ places of the reflected signal lies under the `overlap` frames up to q.
  const int64_t overlap = fftSize_ / hop_;
  const int64_t half = fftSize_ / 2;
  for (int64_t begin = first; begin < end;) {
    const int64_t block = (begin + half) / hop_;
    const int64_t stop = std::min(end, (block + 1) * hop_ - half);
    for (int64_t j = 0; j < overlap; ++j) {
      const int64_t frame = block - j;
      if (frame < 0 || frame >= frames_) continue;
      const T* const from = frames + frame * fftSize_ + (begin + half - frame * hop_);
      T* const to = gradient + begin;
#pragma omp simd
      for (int64_t i = 0; i < stop - begin; ++i) to[i] += from[i];
    }
    begin = stop;
  }
}

template <typename T>
T FramedSpectra<T>::gradientAt(int64_t padded) const {
  const T* const frames = frameBuffer_.const_data_ptr<T>();
  const int64_t overlap = fftSize_ / hop_;
  T sum = 0;
  for (int64_t j = 0; j < overlap; ++j) {
    const int64_t frame = padded / hop_ - j;
    if (frame >= 0 && frame < frames_) sum += frames[frame * fftSize_ + padded - frame * hop_];
  }
  return sum;
}

template <typename T>
void FramedSpectra<T>::addMargins(T* gradient) const {
  const int64_t half = fftSize_ / 2;
  for (int64_t i = 1; i <= half; ++i) {
    gradient[i] += gradientAt(half - i);
    gradient[samples_ - 1 - i] += gradientAt(half + samples_ - 1 + i);
  }
}

template class FramedSpectra<float>;
template class FramedSpectra<double>;

}  // namespace fewsound::cpu
