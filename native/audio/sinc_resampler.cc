#include "native/audio/sinc_resampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace fewsound {
namespace {

constexpr double kPassband = 0.94;  // of the lower Nyquist frequency
constexpr double kStopband = 80.0;  // dB
constexpr int64_t kMostTaps = 16'777'216;

/// Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.6).
const double kBeta = 0.1102 * (kStopband - 8.7);
const double kZeros = (kStopband - 7.95) / (2.285 * (1.0 - kPassband) * std::numbers::pi) / 2.0;

}  // namespace

SincRates::SincRates(int64_t from, int64_t to) {
  TORCH_CHECK_VALUE(from >= 1 && to >= 1, "sampling rates are ", from, " and ", to,
                    "; expected 1 Hz or more");
  const int64_t common = std::gcd(from, to);
  from_ = from / common;
  to_ = to / common;
  const double ratio = std::min(1.0, static_cast<double>(to_) / static_cast<double>(from_));
  reach_ = static_cast<int64_t>(std::ceil(kZeros / ratio));
  TORCH_CHECK_VALUE(to_ <= kMostTaps / (from_ + 2 * reach_), "the rates ", from, " and ", to,
                    " Hz have too small a common factor, ", common,
                    ", to resample one to the other; take recordings of another rate");
}

at::Tensor SincRates::taps(const at::TensorOptions& options) const {
  const double ratio = std::min(1.0, static_cast<double>(to_) / static_cast<double>(from_));
  const double halfWidth = kZeros / ratio;
  const double cutoff = std::numbers::pi * (1.0 + kPassband) / 2.0 * ratio;
  const double scale = 1.0 / std::cyl_bessel_i(0.0, kBeta);
  const int64_t count = from_ + 2 * reach_;
  at::Tensor taps = at::zeros({to_, 1, count}, at::kDouble);
  auto tap = taps.accessor<double, 3>();
  for (int64_t output = 0; output < to_; ++output) {
    // In inputs after the first tap.
    const double center = static_cast<double>(reach_) +
                          static_cast<double>(output * from_) / static_cast<double>(to_);
    for (int64_t i = 0; i < count; ++i) {
      const double offset = static_cast<double>(i) - center;
      const double position = offset / halfWidth;
      if (std::abs(position) >= 1.0) continue;
      const double angle = cutoff * offset;
      const double window =
          scale * std::cyl_bessel_i(0.0, kBeta * std::sqrt(1.0 - position * position));
      tap[output][0][i] = window * (angle == 0.0 ? 1.0 : std::sin(angle) / angle);
    }
  }
  return (taps / taps.sum(-1, /*keepdim=*/true)).to(options);
}

at::Tensor SincRates::resample(const at::Tensor& signal, const at::Tensor& taps) const {
  const int64_t samples = signal.size(1);
  const int64_t length = resampledLength(samples);
  // The outputs between two inputs that one falls on make a block.
  const int64_t blocks = (length + to_ - 1) / to_;
  const int64_t end = (blocks - 1) * from_ + from_ + reach_;
  const at::Tensor filled =
      at::constant_pad_nd(signal.unsqueeze(1), {reach_, std::max<int64_t>(0, end - samples)});
  const at::Tensor outputs = at::conv1d(filled, taps, {}, {from_});  // [batch, to, blocks or more]
  return outputs.transpose(1, 2).flatten(1).narrow(1, 0, length);
}

}  // namespace fewsound
