#include "native/loss/cpu/mel_resolution.h"

#include <ATen/ops/_fft_c2r.h>
#include <ATen/ops/_fft_r2c.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "native/audio/mel.h"

namespace fewsound::cpu {
namespace {

constexpr int64_t kChunk = 32'768;  // numbers of a chunk's frames: they stay in the second cache
constexpr int64_t kOverlap = 4;     // frames over each sample
constexpr int64_t kTile = 8;        // frames that are transposed together

template <typename T>
const T* dataOf(const at::Tensor& tensor) {
  return tensor.const_data_ptr<T>();
}

/// sqrt(max(|X|^2, floor)) of a spectrum's bins, then 0.5 over it, 0 where the floor holds.
template <typename T>
void magnitudeOf(int64_t bins, const T* spectrum, T* to) {
#pragma omp simd
  for (int64_t b = 0; b < bins; ++b) {
    const T real = spectrum[2 * b];
    const T imaginary = spectrum[2 * b + 1];
    const T power = real * real + imaginary * imaginary;
    const T magnitude = std::sqrt(std::max(power, T(kLeastPower)));
    const T slope = T(0.5) / magnitude;
    to[b] = magnitude;
    to[bins + b] = power >= T(kLeastPower) ? slope : T(0);
  }
}

template <typename T>
void addScaled(int64_t count, T factor, const T* from, T* to) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

}  // namespace

template <typename T>
MelResolution<T>::MelResolution(const at::Tensor& window, const at::Tensor& filterbank,
                                int64_t samples)
    : fftSize_(window.size(0)),
      hop_(fftSize_ / kOverlap),
      samples_(samples),
      frames_(samples / hop_ + 1),
      framesPerChunk_(std::max<int64_t>(1, kChunk / fftSize_)),
      mels_(filterbank.size(0)),
      window_(dataOf<T>(window), dataOf<T>(window) + fftSize_),
      slopes_(static_cast<size_t>(frames_ * bins())),
      frameBuffer_(at::empty({frames_, fftSize_}, window.options())),
      spectra_(static_cast<size_t>(chunks())) {
  const T* const filters = dataOf<T>(filterbank);
  for (int64_t band = 0; band < mels_; ++band) {
    const T* const row = filters + band * bins();
    const auto isWeight = [](T weight) { return weight != T(0); };
    const T* const first = std::find_if(row, row + bins(), isWeight);
    const T* end = row + bins();
    while (end > first && !isWeight(end[-1])) --end;
    bands_.push_back({first - row, end - row, {first, end}});
  }
}

template <typename T>
int64_t MelResolution<T>::endFrame(int64_t chunk) const {
  return std::min(frames_, firstFrame(chunk + 1));
}

template <typename T>
void MelResolution<T>::gatherFrame(const T* signal, int64_t frame, T* to) const {
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
void MelResolution<T>::forward(int64_t chunk, const T* signal, T* mel) {
  const int64_t first = firstFrame(chunk);
  const int64_t count = endFrame(chunk) - first;
  const at::Tensor frames = frameBuffer_.narrow(0, first, count);
  T* const frame = frames.mutable_data_ptr<T>();
  for (int64_t f = 0; f < count; ++f) gatherFrame(signal, first + f, frame + f * fftSize_);
  at::Tensor& spectra = spectra_[static_cast<size_t>(chunk)];
  spectra = at::_fft_r2c(frames, {1}, /*normalization=*/0, /*onesided=*/true);

  std::vector<T> magnitudes(static_cast<size_t>(bins() * count));  // [bins, frames]
  std::vector<T> tile(static_cast<size_t>(2 * kTile * bins()));
  T* const slopes = slopes_.data() + first * bins();
  const auto* const spectrum = reinterpret_cast<const T*>(dataOf<c10::complex<T>>(spectra));
  for (int64_t f = 0; f < count; f += kTile) {
    const int64_t width = std::min(kTile, count - f);
    for (int64_t t = 0; t < width; ++t) {
      magnitudeOf(bins(), spectrum + 2 * (f + t) * bins(), tile.data() + 2 * t * bins());
    }
    for (int64_t b = 0; b < bins(); ++b) {
      for (int64_t t = 0; t < width; ++t) {
        magnitudes[static_cast<size_t>(b * count + f + t)] = tile[2 * t * bins() + b];
        slopes[b * count + f + t] = tile[(2 * t + 1) * bins() + b];
      }
    }
  }
  for (int64_t m = 0; m < mels_; ++m) {
    const Band& band = bands_[static_cast<size_t>(m)];
    T* const to = mel + m * count;
    std::fill_n(to, count, T(0));
    for (int64_t b = band.firstBin; b < band.endBin; ++b) {
      addScaled(count, band.weights[b - band.firstBin], magnitudes.data() + b * count, to);
    }
  }
}

template <typename T>
void MelResolution<T>::backward(int64_t chunk, const T* melGradient) {
  const int64_t first = firstFrame(chunk);
  const int64_t count = endFrame(chunk) - first;
  std::vector<T> factors(static_cast<size_t>(bins() * count));  // [bins, frames]
  for (int64_t m = 0; m < mels_; ++m) {
    const Band& band = bands_[static_cast<size_t>(m)];
    for (int64_t b = band.firstBin; b < band.endBin; ++b) {
      addScaled(count, band.weights[b - band.firstBin], melGradient + m * count,
                factors.data() + b * count);
    }
  }
  // An inverse transform counts all bins twice but the first and the last: the half in the slopes
  // undoes that.
  for (const int64_t b : {int64_t{0}, bins() - 1}) {
    for (int64_t f = 0; f < count; ++f) factors[b * count + f] *= 2;
  }
  const T* const slopes = slopes_.data() + first * bins();
#pragma omp simd
  for (int64_t i = 0; i < bins() * count; ++i) factors[i] *= slopes[i];

  const at::Tensor& spectra = spectra_[static_cast<size_t>(chunk)];
  T* const spectrum = reinterpret_cast<T*>(spectra.mutable_data_ptr<c10::complex<T>>());
  std::vector<T> tile(static_cast<size_t>(kTile * bins()));
  for (int64_t f = 0; f < count; f += kTile) {
    const int64_t width = std::min(kTile, count - f);
    for (int64_t b = 0; b < bins(); ++b) {
      for (int64_t t = 0; t < width; ++t) tile[t * bins() + b] = factors[b * count + f + t];
    }
    for (int64_t t = 0; t < width; ++t) {
      T* const to = spectrum + 2 * (f + t) * bins();
      const T* const factor = tile.data() + t * bins();
#pragma omp simd
      for (int64_t b = 0; b < bins(); ++b) {
        to[2 * b] *= factor[b];
        to[2 * b + 1] *= factor[b];
      }
    }
  }
  const at::Tensor frames = at::_fft_c2r(spectra, {1}, /*normalization=*/0, fftSize_);
  const T* from = dataOf<T>(frames);
  T* to = frameBuffer_.mutable_data_ptr<T>() + first * fftSize_;
  for (int64_t f = 0; f < count; ++f, from += fftSize_, to += fftSize_) {
#pragma omp simd
    for (int64_t i = 0; i < fftSize_; ++i) to[i] = from[i] * window_[static_cast<size_t>(i)];
  }
}

template <typename T>
void MelResolution<T>::overlapAdd(int64_t first, int64_t end, T* gradient) const {
  const T* const frames = dataOf<T>(frameBuffer_);
  // Block q of hop_ places of the reflected signal lies under frames q - 3 to q.
  const int64_t half = fftSize_ / 2;
  for (int64_t begin = first; begin < end;) {
    const int64_t block = (begin + half) / hop_;
    const int64_t stop = std::min(end, (block + 1) * hop_ - half);
    for (int64_t j = 0; j < kOverlap; ++j) {
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
T MelResolution<T>::gradientAt(int64_t padded) const {
  const T* const frames = dataOf<T>(frameBuffer_);
  T sum = 0;
  for (int64_t j = 0; j < kOverlap; ++j) {
    const int64_t frame = padded / hop_ - j;
    if (frame >= 0 && frame < frames_) sum += frames[frame * fftSize_ + padded - frame * hop_];
  }
  return sum;
}

template <typename T>
void MelResolution<T>::addMargins(T* gradient) const {
  const int64_t half = fftSize_ / 2;
  for (int64_t i = 1; i <= half; ++i) {
    gradient[i] += gradientAt(half - i);
    gradient[samples_ - 1 - i] += gradientAt(half + samples_ - 1 + i);
  }
}

template class MelResolution<float>;
template class MelResolution<double>;

}  // namespace fewsound::cpu
