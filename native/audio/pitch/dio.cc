#include "native/audio/pitch/dio.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>

#include "native/audio/pitch/nuttall.h"
#include "native/thread_limit.h"

namespace fewsound {
namespace {

using Samples = std::vector<double>;
using Complex = c10::complex<double>;

constexpr double kLowCut = 50.0;    // Hz: what is slower is no voice
constexpr double kUnusable = 1e17;  // score where a band has no candidate
constexpr double kLeastDenominator = 1e-12;

/// The low-pass filter before samples are left out: Chebyshev's of the first kind, of third order
/// with a ripple of 0.05 dB below 0.8 of the lower Nyquist frequency, by the bilinear transform.
struct LowPass {
  std::array<double, 3> feedback;
  double gain;  // of the zeros, (1 + z^-1)^3

  explicit LowPass(int64_t factor) {
    const double cutoff =
        2.0 * std::tan(0.5 * std::numbers::pi * 0.8 / static_cast<double>(factor));
    const double ripple = std::sqrt(std::pow(10.0, 0.05 / 10.0) - 1.0);
    const double spread = std::asinh(1.0 / ripple) / 3.0;
    std::array<std::complex<double>, 3> poles;
    std::complex<double> scale = 1.0;
    for (int64_t k = 0; k < 3; ++k) {
      const double angle = std::numbers::pi * static_cast<double>(2 * k - 2) / 6.0;
      const std::complex<double> analog = -cutoff * std::sinh(std::complex<double>(spread, angle));
      poles[k] = (2.0 + analog) / (2.0 - analog);
      scale *= -analog / (2.0 - analog);
    }
    gain = scale.real();
    feedback = {(poles[0] + poles[1] + poles[2]).real(),
                -(poles[0] * poles[1] + poles[0] * poles[2] + poles[1] * poles[2]).real(),
                (poles[0] * poles[1] * poles[2]).real()};
  }

  void run(Samples& x) const {
    std::array<double, 3> state{};
    for (double& sample : x) {
      const double next =
          sample + feedback[0] * state[0] + feedback[1] * state[1] + feedback[2] * state[2];
      sample = gain * (next + state[2]) + 3.0 * gain * (state[0] + state[1]);
      state = {next, state[0], state[1]};
    }
  }
};

/// One of `factor` samples of the signal, filtered forwards and backwards, as Matlab's decimate:
/// ends are mirrored through their sample, and the last sample of the signal is one of those kept.
/// As many as `count`; what lies behind the mirrored end is zero.
Samples decimated(c10::ArrayRef<double> x, int64_t factor, int64_t count) {
  constexpr int64_t kMirrored = 9;
  const auto samples = static_cast<int64_t>(x.size());
  Samples padded(static_cast<size_t>(samples + 2 * kMirrored));
  for (int64_t i = 0; i < kMirrored; ++i) {
    padded[i] = 2.0 * x[0] - x[kMirrored - i];
    padded[kMirrored + samples + i] = 2.0 * x[samples - 1] - x[samples - 2 - i];
  }
  std::ranges::copy(x, padded.begin() + kMirrored);
  const LowPass filter(factor);
  for (int64_t direction = 0; direction < 2; ++direction) {
    filter.run(padded);
    std::ranges::reverse(padded);
  }
  Samples kept(static_cast<size_t>(count));
  int64_t place = kMirrored + (samples - 1) % factor;
  for (int64_t i = 0; i < count && place + 1 < static_cast<int64_t>(padded.size()); ++i) {
    kept[i] = padded[place];
    place += factor;
  }
  return kept;
}

at::Tensor spectrumOf(Samples& samples, int64_t size) {
  const at::Tensor signal =
      at::from_blob(samples.data(), {static_cast<int64_t>(samples.size())}, at::dtype(at::kDouble));
  return at::fft_rfft(signal, size);
}

/// A filter that takes away what is slower than kLowCut: the identity less a Hann window.
Samples lowCut(double rate, int64_t size) {
  const int64_t half = std::llround(rate / kLowCut);
  const int64_t length = 2 * half + 1;
  Samples window(static_cast<size_t>(length));
  double sum = 0.0;
  for (int64_t i = 0; i < length; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i + 1) /
                                     static_cast<double>(length + 1));
    sum += window[i];
  }
  Samples filter(static_cast<size_t>(size));
  for (int64_t i = 0; i < length; ++i) filter[(i - half + size) % size] -= window[i] / sum;
  filter[0] += 1.0;
  return filter;
}

/// The signal that DIO looks at, by its spectrum.
struct Watched {
  double rate;
  int64_t samples;
  int64_t size;  // of the transform
  at::Tensor spectrum;
};

Watched watch(c10::ArrayRef<double> signal, int64_t rate, const PitchOptions& options) {
  const int64_t factor = options.decimation;
  const double watchedRate = static_cast<double>(rate) / static_cast<double>(factor);
  const int64_t count = 1 + static_cast<int64_t>(signal.size()) / factor;
  const double lowest = options.floor * std::exp2(1.0 / options.bandsPerOctave);
  // Room for the filters behind the signal, so that its ends do not meet.
  const int64_t room = 4 * static_cast<int64_t>(1.0 + watchedRate / lowest / 2.0) +
                       2 * std::llround(watchedRate / kLowCut) + 1;
  const auto size = 2 * static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(count + room)));
  Samples watched;
  if (factor == 1) {
    watched.assign(signal.begin(), signal.end());
    watched.push_back(0.0);
  } else {
    watched = decimated(signal, factor, count);
  }
  double mean = 0.0;
  for (const double sample : watched) mean += sample;
  mean /= static_cast<double>(count);
  for (double& sample : watched) sample -= mean;
  Samples filter = lowCut(watchedRate, size);
  return {watchedRate, count, size, spectrumOf(watched, size) * spectrumOf(filter, size)};
}

/// The signal behind a low-pass filter: a Nuttall window of four times `half` samples.
Samples filtered(const Watched& watched, int64_t half) {
  Samples window = nuttall(4 * half);
  at::Tensor product = watched.spectrum * spectrumOf(window, watched.size);
  // As WORLD does; behind a low-pass filter there is next to nothing in either.
  product.select(0, watched.size / 2 - 1).copy_(product.select(0, watched.size / 2));
  const at::Tensor signal = at::fft_irfft(product, watched.size);
  const double* const from = signal.const_data_ptr<double>() + 2 * half;
  return {from, from + watched.samples};
}

/// Intervals between places where a signal falls through zero: the frequencies that they stand for,
/// and the seconds of their middles.
struct Intervals {
  Samples seconds;
  Samples frequencies;

  Intervals(const Samples& signal, double rate) {
    Samples crossings;
    for (size_t i = 0; i + 1 < signal.size(); ++i) {
      if (0.0 < signal[i] && signal[i + 1] <= 0.0) {
        crossings.push_back(static_cast<double>(i + 1) - signal[i] / (signal[i + 1] - signal[i]));
      }
    }
    for (size_t i = 0; i + 1 < crossings.size(); ++i) {
      frequencies.push_back(rate / (crossings[i + 1] - crossings[i]));
      seconds.push_back((crossings[i] + crossings[i + 1]) / 2.0 / rate);
    }
  }

  bool isEnough() const { return seconds.size() > 2; }

  /// Linear between the middles, and on beyond the first and the last.
  double at(double second) const {
    const auto after = std::ranges::upper_bound(seconds, second) - seconds.begin();
    const auto i = std::clamp<int64_t>(after - 1, 0, static_cast<int64_t>(seconds.size()) - 2);
    const double part = (second - seconds[i]) / (seconds[i + 1] - seconds[i]);
    return frequencies[i] + part * (frequencies[i + 1] - frequencies[i]);
  }
};

Samples negative(Samples signal) {
  for (double& sample : signal) sample = -sample;
  return signal;
}

Samples differences(const Samples& signal) {
  Samples result;
  for (size_t i = 0; i + 1 < signal.size(); ++i) result.push_back(signal[i + 1] - signal[i]);
  return result;
}

/// What one band says of every frame.
struct Candidates {
  Samples frequencies;  // Hz, 0 where there is none
  Samples scores;       // the lower the more it is a fundamental
};

Candidates candidates(const Watched& watched, double boundary, const std::vector<double>& seconds,
                      const PitchOptions& options) {
  Candidates found{Samples(seconds.size(), 0.0), Samples(seconds.size(), kUnusable)};
  const Samples signal = filtered(watched, std::llround(watched.rate / boundary / 2.0));
  const Samples slope = differences(signal);
  const std::array<Intervals, 4> intervals{
      Intervals(signal, watched.rate), Intervals(negative(signal), watched.rate),
      Intervals(slope, watched.rate), Intervals(negative(slope), watched.rate)};
  if (!std::ranges::all_of(intervals, &Intervals::isEnough)) return found;
  for (size_t frame = 0; frame < seconds.size(); ++frame) {
    std::array<double, 4> each;
    for (size_t i = 0; i < 4; ++i) each[i] = intervals[i].at(seconds[frame]);
    const double mean = (each[0] + each[1] + each[2] + each[3]) / 4.0;
    // The band is for what lies in its upper octave.
    if (mean > boundary || mean < boundary / 2.0 || mean > options.ceiling ||
        mean < options.floor) {
      continue;
    }
    double spread = 0.0;
    for (const double one : each) spread += (one - mean) * (one - mean);
    found.frequencies[frame] = mean;
    found.scores[frame] = std::sqrt(spread / 3.0) / (mean + kLeastDenominator);
  }
  return found;
}

/// A contour with what is no voice taken out, and stretches grown as far as candidates follow.
class Contour {
 public:
  Contour(const std::vector<Candidates>& bands, int64_t leastFrames, double allowedChange)
      : bands_(bands), least_(leastFrames), allowed_(allowedChange) {}

  Samples best() const {
    Samples contour = bands_.front().frequencies;
    Samples scores = bands_.front().scores;
    for (const Candidates& band : bands_) {
      for (size_t i = 0; i < contour.size(); ++i) {
        if (band.scores[i] >= scores[i]) continue;
        scores[i] = band.scores[i];
        contour[i] = band.frequencies[i];
      }
    }
    return contour;
  }

  Samples fixed() const {
    const Samples core = withoutShort(withoutJumps(best()));
    // Where stretches begin, and where they end.
    std::vector<int64_t> first;
    std::vector<int64_t> last;
    const auto frames = static_cast<int64_t>(core.size());
    for (int64_t i = 1; i < frames; ++i) {
      if (core[i] == 0.0 && core[i - 1] != 0.0) last.push_back(i - 1);
      if (core[i] != 0.0 && core[i - 1] == 0.0) first.push_back(i);
    }
    Samples contour = core;
    for (size_t i = 0; i < last.size(); ++i) {
      const int64_t end = i + 1 < last.size() ? last[i + 1] : frames - 1;
      for (int64_t j = last[i]; j < end; ++j) {
        contour[j + 1] = following(contour[j], contour[j - 1], j + 1);
        if (contour[j + 1] == 0.0) break;
      }
    }
    for (size_t i = first.size(); i-- > 0;) {
      const int64_t end = i > 0 ? first[i - 1] : 1;
      for (int64_t j = first[i]; j > end; --j) {
        contour[j - 1] = following(contour[j], contour[j + 1], j - 1);
        if (contour[j - 1] == 0.0) break;
      }
    }
    return contour;
  }

 private:
  Samples withoutJumps(Samples contour) const {
    const auto frames = static_cast<int64_t>(contour.size());
    for (int64_t i = 0; i < least_; ++i) contour[i] = contour[frames - 1 - i] = 0.0;
    Samples smooth(contour.size(), 0.0);
    for (int64_t i = least_; i < frames; ++i) {
      const double change = (contour[i] - contour[i - 1]) / (kLeastDenominator + contour[i]);
      if (std::abs(change) < allowed_) smooth[i] = contour[i];
    }
    return smooth;
  }

  Samples withoutShort(const Samples& contour) const {
    const auto frames = static_cast<int64_t>(contour.size());
    const int64_t half = (least_ - 1) / 2;
    Samples rest = contour;
    for (int64_t i = half; i < frames - half; ++i) {
      const auto from = contour.begin() + i - half;
      if (std::find(from, from + least_, 0.0) != from + least_) rest[i] = 0.0;
    }
    return rest;
  }

  /// The candidate nearest to where two frames lead; 0 where none is near.
  double following(double now, double before, int64_t frame) const {
    const double expected = (now * 3.0 - before) / 2.0;
    double nearest = bands_.front().frequencies[frame];
    for (const Candidates& band : bands_) {
      if (std::abs(expected - band.frequencies[frame]) < std::abs(expected - nearest)) {
        nearest = band.frequencies[frame];
      }
    }
    return std::abs(1.0 - nearest / expected) > allowed_ ? 0.0 : nearest;
  }

  const std::vector<Candidates>& bands_;
  int64_t least_;
  double allowed_;
};

}  // namespace

int64_t leastVoicedFrames(const PitchOptions& options) {
  return 2 * std::lround(1000.0 / options.framePeriod / options.floor) + 1;
}

std::vector<double> dio(c10::ArrayRef<double> signal, int64_t rate,
                        const std::vector<double>& seconds, const PitchOptions& options,
                        const std::atomic<bool>& abort) {
  const ThreadLimit alone(1);  // each transform is too short to be shared
  const Watched watched = watch(signal, rate, options);
  const int64_t count =
      1 + static_cast<int64_t>(std::log2(options.ceiling / options.floor) * options.bandsPerOctave);
  std::vector<Candidates> bands;
  for (int64_t band = 0; band < count; ++band) {
    if (abort.load(std::memory_order_acquire)) return Samples(seconds.size(), 0.0);
    const double boundary =
        options.floor * std::exp2(static_cast<double>(band + 1) / options.bandsPerOctave);
    bands.push_back(candidates(watched, boundary, seconds, options));
  }
  return Contour(bands, leastVoicedFrames(options), options.allowedChange).fixed();
}

}  // namespace fewsound
