#include "native/audio/mfcc.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "native/audio/stft.h"

namespace fewsound {
namespace {

constexpr double kLeastPower = 1e-6;  // of a band, before the logarithm

/// Triangles [mels, window / 2 + 1], in float64.
at::Tensor triangles(const MfccShape& shape) {
  const double nyquist = static_cast<double>(shape.sampleRate) / 2.0;
  const double highest = 2595.0 * std::log10(1.0 + nyquist / 700.0);
  const at::Tensor mels = at::linspace(0.0, highest, shape.mels + 2, at::kDouble);
  const at::Tensor edges = 700.0 * (at::pow(10.0, mels / 2595.0) - 1.0);
  const at::Tensor hertz = at::linspace(0.0, nyquist, shape.window / 2 + 1, at::kDouble);
  const at::Tensor widths = edges.diff();
  const at::Tensor rising =
      (hertz - edges.slice(0, 0, shape.mels).unsqueeze(1)) / widths.slice(0, 0, -1).unsqueeze(1);
  const at::Tensor falling =
      (edges.slice(0, 2).unsqueeze(1) - hertz) / widths.slice(0, 1).unsqueeze(1);
  return at::minimum(rising, falling).clamp_min(0.0);
}

/// [coefficients, mels], in float64.
at::Tensor cosines(const MfccShape& shape) {
  const auto mels = static_cast<double>(shape.mels);
  const at::Tensor places = (at::arange(shape.mels, at::kDouble) + 0.5) / mels;
  const at::Tensor orders = at::arange(shape.coefficients, at::kDouble).unsqueeze(1);
  const at::Tensor rows = at::cos(std::numbers::pi * orders * places) * std::sqrt(2.0 / mels);
  rows.select(0, 0).mul_(std::sqrt(0.5));
  return rows;
}

}  // namespace

at::Tensor mfcc(const at::Tensor& signal, const MfccShape& shape) {
  const at::TensorOptions numbers = signal.options();
  const at::Tensor window = at::hann_window(shape.window, numbers);
  const at::Tensor spectrum = centeredStft(signal, window, shape.hop);  // [batch, frames, bins]
  const at::Tensor power = at::real(spectrum).square() + at::imag(spectrum).square();
  const at::Tensor bands = at::matmul(triangles(shape).to(numbers), power.transpose(1, 2));
  return at::matmul(cosines(shape).to(numbers), (bands + kLeastPower).log());
}

}  // namespace fewsound
