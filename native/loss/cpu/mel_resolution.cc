#include "native/loss/cpu/mel_resolution.h"

#include <algorithm>
#include <cmath>
#include <complex>

#include "native/audio/mel.h"

namespace fewsound::cpu {
namespace {

constexpr int64_t kOverlap = 4;  // frames over each sample
constexpr int64_t kTile = 8;     // frames that are transposed together

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
    : framed_(window, window.size(0) / kOverlap, samples),
      mels_(filterbank.size(0)),
      slopes_(static_cast<size_t>(framed_.frames() * framed_.bins())) {
  const int64_t bins = framed_.bins();
  const T* const filters = dataOf<T>(filterbank);
  for (int64_t band = 0; band < mels_; ++band) {
    const T* const row = filters + band * bins;
    const auto isWeight = [](T weight) { return weight != T(0); };
    const T* const first = std::find_if(row, row + bins, isWeight);
    const T* end = row + bins;
    while (end > first && !isWeight(end[-1])) --end;
    bands_.push_back({first - row, end - row, {first, end}});
  }
}

template <typename T>
void MelResolution<T>::forward(int64_t chunk, const T* signal, T* mel) {
  const int64_t first = framed_.firstFrame(chunk);
  const int64_t count = framed_.endFrame(chunk) - first;
  const int64_t bins = framed_.bins();
  const T* const spectrum = framed_.forward(chunk, signal);
  std::vector<T> magnitudes(static_cast<size_t>(bins * count));  // [bins, frames]
  std::vector<T> tile(static_cast<size_t>(2 * kTile * bins));
  T* const slopes = slopes_.data() + first * bins;
  for (int64_t f = 0; f < count; f += kTile) {
    const int64_t width = std::min(kTile, count - f);
    for (int64_t t = 0; t < width; ++t) {
      magnitudeOf(bins, spectrum + 2 * (f + t) * bins, tile.data() + 2 * t * bins);
    }
    for (int64_t b = 0; b < bins; ++b) {
      for (int64_t t = 0; t < width; ++t) {
        magnitudes[static_cast<size_t>(b * count + f + t)] = tile[2 * t * bins + b];
        slopes[b * count + f + t] = tile[(2 * t + 1) * bins + b];
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
  const int64_t first = framed_.firstFrame(chunk);
  const int64_t count = framed_.endFrame(chunk) - first;
  const int64_t bins = framed_.bins();
  std::vector<T> factors(static_cast<size_t>(bins * count));  // [bins, frames]
  for (int64_t m = 0; m < mels_; ++m) {
    const Band& band = bands_[static_cast<size_t>(m)];
    for (int64_t b = band.firstBin; b < band.endBin; ++b) {
      addScaled(count, band.weights[b - band.firstBin], melGradient + m * count,
                factors.data() + b * count);
    }
  }
  // An inverse transform counts all bins twice but the first and the last: the half in the slopes
  // undoes that.
  for (const int64_t b : {int64_t{0}, bins - 1}) {
    for (int64_t f = 0; f < count; ++f) factors[b * count + f] *= 2;
  }
  const T* const slopes = slopes_.data() + first * bins;
#pragma omp simd
  for (int64_t i = 0; i < bins * count; ++i) factors[i] *= slopes[i];

  T* const spectrum = framed_.spectra(chunk);
  std::vector<T> tile(static_cast<size_t>(kTile * bins));
  for (int64_t f = 0; f < count; f += kTile) {
    const int64_t width = std::min(kTile, count - f);
    for (int64_t b = 0; b < bins; ++b) {
      for (int64_t t = 0; t < width; ++t) tile[t * bins + b] = factors[b * count + f + t];
    }
    for (int64_t t = 0; t < width; ++t) {
      T* const to = spectrum + 2 * (f + t) * bins;
      const T* const factor = tile.data() + t * bins;
#pragma omp simd
      for (int64_t b = 0; b < bins; ++b) {
        to[2 * b] *= factor[b];
        to[2 * b + 1] *= factor[b];
      }
    }
  }
  framed_.backward(chunk);
}

template class MelResolution<float>;
template class MelResolution<double>;

}  // namespace fewsound::cpu
