#include "native/audio/loudness.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fewsound {
namespace {

constexpr double kLeastMagnitude = 1e-7;
constexpr double kLeastWeight = -80.0;  // dB

/// The weighting of the transform's frequencies, dB, in float64.
at::Tensor weighting(const LoudnessShape& shape) {
  const double nyquist = static_cast<double>(shape.sampleRate) / 2.0;
  const at::Tensor squares = at::linspace(0.0, nyquist, shape.window / 2 + 1, at::kDouble).square();
  const auto beyond = [&](double corner) { return at::log10(squares + corner * corner); };
  const at::Tensor gain = std::log10(12'194.217 * 12'194.217) + 2.0 * at::log10(squares) -
                          beyond(12'194.217) - beyond(20.598997) -
                          0.5 * (beyond(107.65265) + beyond(737.86223));
  return (2.0 + 20.0 * gain).clamp_min(kLeastWeight);
}

}  // namespace

at::Tensor loudness(const at::Tensor& signal, const LoudnessShape& shape) {
  const at::TensorOptions numbers = signal.options();
  const int64_t half = shape.window / 2;
  const at::Tensor frames =
      at::constant_pad_nd(signal, {half, half}).unfold(1, shape.window, shape.hop);
  const at::Tensor spectrum = at::fft_rfft(frames * at::hann_window(shape.window, numbers));
  const at::Tensor level = (spectrum.abs() + kLeastMagnitude).log();
  const double scale = shape.decibels ? 20.0 / std::log(10.0) : 1.0;
  return (level * scale + weighting(shape).to(numbers)).mean(-1);
}

}  // namespace fewsound
