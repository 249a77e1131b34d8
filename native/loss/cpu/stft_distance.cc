#include "native/loss/cpu/stft_distance.h"

#include <ATen/ops/hann_window.h>

#include <cmath>

#include "native/audio/stft.h"
#include "native/loss/local_weights.h"

namespace fewsound::cpu {

template <typename T>
StftDistance<T>::StftDistance(int64_t samples, const at::TensorOptions& options)
    : framed_(at::hann_window(kStftSize, options), kStftHop, samples),
      window_(at::hann_window(kStftSize, options)) {}

template <typename T>
void StftDistance<T>::setTarget(const at::Tensor& target) {
  targets_ = centeredStft(target, window_, kStftHop).contiguous();
  weights_ = spectrumWeights(targets_, target);
}

template <typename T>
double StftDistance<T>::compute(int64_t clip, int64_t chunk, const T* signal, T scale) {
  const int64_t bins = framed_.bins();
  const int64_t first = framed_.firstFrame(chunk);
  const int64_t offset = (clip * framed_.frames() + first) * bins;
  const auto* target =
      reinterpret_cast<const T*>(targets_.const_data_ptr<c10::complex<T>>()) + 2 * offset;
  const T* weight = weights_.const_data_ptr<T>() + offset;
  T* spectrum = framed_.forward(chunk, signal);
  double sum = 0;
  for (int64_t frame = first; frame < framed_.endFrame(chunk); ++frame) {
    double ends = 0;  // of the first and the last bin, whose gradient counts whole
    for (const int64_t b : {int64_t{0}, bins - 1}) {
      spectrum[2 * b] -= target[2 * b];
      spectrum[2 * b + 1] -= target[2 * b + 1];
      const T modulus = std::hypot(spectrum[2 * b], spectrum[2 * b + 1]);
      ends += static_cast<double>(weight[b] * modulus);
      const T slope = modulus > T(0) ? scale * weight[b] / modulus : T(0);
      spectrum[2 * b] *= slope;
      spectrum[2 * b + 1] *= slope;
    }
    double inner = 0;
#pragma omp simd reduction(+ : inner)
    for (int64_t b = 1; b < bins - 1; ++b) {
      const T real = spectrum[2 * b] - target[2 * b];
      const T imaginary = spectrum[2 * b + 1] - target[2 * b + 1];
      const T modulus = std::sqrt(real * real + imaginary * imaginary);
      inner += static_cast<double>(weight[b] * modulus);
      const T slope = modulus > T(0) ? T(0.5) * scale * weight[b] / modulus : T(0);
      spectrum[2 * b] = real * slope;
      spectrum[2 * b + 1] = imaginary * slope;
    }
    sum += ends + inner;
    spectrum += 2 * bins;
    target += 2 * bins;
    weight += bins;
  }
  framed_.backward(chunk);
  return sum;
}

template class StftDistance<float>;
template class StftDistance<double>;

}  // namespace fewsound::cpu
