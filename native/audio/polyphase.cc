#include "native/audio/polyphase.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <numeric>

namespace fewsound {
namespace {

/// Modified Bessel function of the first kind, order 0, by its power series.
double besselI0(double x) {
  const double quarter = x * x / 4.0;
  double term = 1.0;
  double sum = 1.0;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= quarter / (static_cast<double>(k) * k);
    sum += term;
  }
  return sum;
}

double sinc(double x) {
  const double angle = std::numbers::pi * x;
  return angle == 0.0 ? 1.0 : std::sin(angle) / angle;
}

/// The low-pass filter of Octave's `resample` for the factor up / down, [2 · half + 1] taps that
/// sum to `up`, which makes up for the zeros between the input samples.
std::vector<double> octaveFilter(int64_t up, int64_t down) {
  constexpr double kRejection = 60.0;  // dB
  const double cutoff = 1.0 / (2.0 * static_cast<double>(std::max(up, down)));
  const double rollOff = cutoff / 10.0;
  const auto half = static_cast<int64_t>(std::ceil((kRejection - 8.0) / (28.714 * rollOff)));
  const double beta = 0.1102 * (kRejection - 8.7);
  const double centre = besselI0(beta);
  std::vector<double> taps(static_cast<size_t>(2 * half + 1));
  double sum = 0.0;
  for (int64_t i = 0; i <= half; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(half);
    const double window = besselI0(beta * std::sqrt(1.0 - place * place)) / centre;
    const double tap = window * sinc(2.0 * cutoff * static_cast<double>(i));
    taps[static_cast<size_t>(half - i)] = tap;
    taps[static_cast<size_t>(half + i)] = tap;
    sum += i == 0 ? tap : 2.0 * tap;
  }
  const double scale = static_cast<double>(up) / sum;
  for (double& tap : taps) tap *= scale;
  return taps;
}

// For wider vectors where the processor has them, by GCC's own dispatch; the sanitizers cannot
// start with it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx2", "default")))
#endif
double dot(const double* weights, const double* samples, int64_t count) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += weights[i] * samples[i];
  return sum;
}

}  // namespace

PolyphaseResampler::PolyphaseResampler(int64_t from, int64_t to)
    : up_(to / std::gcd(from, to)), down_(from / std::gcd(from, to)) {
  const std::vector<double> filter = octaveFilter(up_, down_);
  const int64_t half = static_cast<int64_t>(filter.size()) / 2;
  reach_ = half / up_ + 1;
  const int64_t taps = 2 * reach_ + 1;
  phases_.assign(static_cast<size_t>(up_ * taps), 0.0);
  for (int64_t phase = 0; phase < up_; ++phase) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      // The input sample `reach - tap` before the one at or before the output.
      const int64_t index = half + phase + (reach_ - tap) * up_;
      if (index < 0 || index > 2 * half) continue;
      phases_[static_cast<size_t>(phase * taps + tap)] = filter[static_cast<size_t>(index)];
    }
  }
}

std::vector<double> PolyphaseResampler::operator()(const std::vector<double>& signal) const {
  const auto length = static_cast<int64_t>(signal.size());
  const int64_t taps = 2 * reach_ + 1;
  std::vector<double> output(static_cast<size_t>((length * up_ + down_ - 1) / down_));
  for (int64_t i = 0; i < static_cast<int64_t>(output.size()); ++i) {
    const int64_t base = i * down_ / up_;
    const int64_t phase = i * down_ % up_;
    const int64_t start = base - reach_;
    const int64_t first = std::max<int64_t>(0, -start);
    const int64_t last = std::min(taps, length - start);
    const double* weights = phases_.data() + phase * taps + first;
    const double* samples = signal.data() + (start + first);
    output[static_cast<size_t>(i)] = dot(weights, samples, last - first);
  }
  return output;
}

std::shared_ptr<const PolyphaseResampler> polyphaseResampler(int64_t from, int64_t to) {
  static std::mutex mutex;
  static int64_t lastFrom = 0;
  static int64_t lastTo = 0;
  static std::shared_ptr<const PolyphaseResampler> last;
  const std::lock_guard lock(mutex);
  if (last == nullptr || from != lastFrom || to != lastTo) {
    last = std::make_shared<const PolyphaseResampler>(from, to);
    lastFrom = from;
    lastTo = to;
  }
  return last;
}

}  // namespace fewsound
