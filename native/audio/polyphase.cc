#include "native/audio/polyphase.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <numeric>

#include "native/cpu/wider_vectors.h"

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
  const double center = besselI0(beta);
  std::vector<double> taps(static_cast<size_t>(2 * half + 1));
  double sum = 0.0;
  for (int64_t i = 0; i <= half; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(half);
    const double window = besselI0(beta * std::sqrt(1.0 - place * place)) / center;
    const double tap = window * sinc(2.0 * cutoff * static_cast<double>(i));
    taps[static_cast<size_t>(half - i)] = tap;
    taps[static_cast<size_t>(half + i)] = tap;
    sum += i == 0 ? tap : 2.0 * tap;
  }
  const double scale = static_cast<double>(up) / sum;
  for (double& tap : taps) tap *= scale;
  return taps;
}

/// Outputs of one phase that are computed side by side: its taps are read once for all of them, and
/// no sum waits for its last addition.
constexpr int64_t kTogether = 8;

/// Outputs 0, `apart`, 2·apart, … of the samples that begin at `samples` and `step` further on each
/// time.
FEWSOUND_WIDER_VECTORS
void filterTogether(const double* weights, int64_t taps, const double* samples, int64_t step,
                    double* output, int64_t apart) {
  double sum0 = 0.0;
  double sum1 = 0.0;
  double sum2 = 0.0;
  double sum3 = 0.0;
  double sum4 = 0.0;
  double sum5 = 0.0;
  double sum6 = 0.0;
  double sum7 = 0.0;
#pragma omp simd reduction(+ : sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7)
  for (int64_t i = 0; i < taps; ++i) {
    sum0 += weights[i] * samples[i];
    sum1 += weights[i] * samples[i + step];
    sum2 += weights[i] * samples[i + 2 * step];
    sum3 += weights[i] * samples[i + 3 * step];
    sum4 += weights[i] * samples[i + 4 * step];
    sum5 += weights[i] * samples[i + 5 * step];
    sum6 += weights[i] * samples[i + 6 * step];
    sum7 += weights[i] * samples[i + 7 * step];
  }
  output[0] = sum0;
  output[apart] = sum1;
  output[2 * apart] = sum2;
  output[3 * apart] = sum3;
  output[4 * apart] = sum4;
  output[5 * apart] = sum5;
  output[6 * apart] = sum6;
  output[7 * apart] = sum7;
}

FEWSOUND_WIDER_VECTORS
double filterOne(const double* weights, int64_t taps, const double* samples) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < taps; ++i) sum += weights[i] * samples[i];
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

std::vector<double> PolyphaseResampler::operator()(const float* signal, int64_t length) const {
  const int64_t taps = 2 * reach_ + 1;
  const int64_t outputs = (length * up_ + down_ - 1) / down_;
  // Silence before and behind, as far as the filter reaches.
  std::vector<double> samples(static_cast<size_t>(length + 2 * reach_));
  std::copy_n(signal, length, samples.begin() + reach_);
  std::vector<double> output(static_cast<size_t>(outputs));
  const auto weightsOf = [&](int64_t i) { return phases_.data() + i * down_ % up_ * taps; };
  const auto samplesOf = [&](int64_t i) { return samples.data() + i * down_ / up_; };
  // Every up-th output has the same phase. Stretch by stretch, whose samples stay in the cache.
  const int64_t stretch = kTogether * up_;
  const int64_t whole = outputs / stretch * stretch;
  for (int64_t start = 0; start < whole; start += stretch) {
    for (int64_t i = start; i < start + up_; ++i) {
      filterTogether(weightsOf(i), taps, samplesOf(i), down_, output.data() + i, up_);
    }
  }
  for (int64_t i = whole; i < outputs; ++i) output[i] = filterOne(weightsOf(i), taps, samplesOf(i));
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
