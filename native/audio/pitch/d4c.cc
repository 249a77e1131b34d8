#include "native/audio/pitch/d4c.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "native/audio/frame_spectra.h"
#include "native/audio/pitch/nuttall.h"

namespace fewsound {
namespace {

using Samples = std::vector<double>;

constexpr double kUnvoiced = 1.0 - 1e-12;
constexpr double kBandWidth = 3000.0;      // Hz
constexpr double kHighestBand = 15'000.0;  // Hz
constexpr double kLowestPitch = 47.0;      // Hz: windows get no longer
constexpr double kLoveTrainPitch = 40.0;   // Hz
constexpr double kSpectrumPitch = 71.0;    // Hz: gives the size of WORLD's spectra
constexpr double kNoise = 1e-6;            // of full scale
constexpr double kBottom = -60.0;          // dB, at 0 Hz
constexpr double kTop = -1e-12;            // dB, at half the rate

/// A power of two that holds a window of so many periods of the pitch.
int64_t transformSize(double periods, double rate, double pitch) {
  return 2 *
         static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(periods * rate / pitch + 1.0)));
}

enum class Shape : uint8_t { kHann, kBlackman };

/// The noise that WORLD adds to every window, so that there is no silence to divide by: sums of
/// twelve uniform numbers from Marsaglia's xorshift (Journal of Statistical Software 8, 2003), from
/// his seeds. Quiet as it is, it shows in the third digit of what is measured of quiet speech.
class Noise {
 public:
  double operator()() {
    uint32_t sum = 0;
    for (int64_t i = 0; i < 12; ++i) {
      const uint32_t t = state_[0] ^ (state_[0] << 11U);
      const uint32_t next = state_[3] ^ (state_[3] >> 19U) ^ t ^ (t >> 8U);
      state_ = {state_[1], state_[2], state_[3], next};
      sum += next >> 4U;
    }
    return static_cast<double>(sum) / 268'435'456.0 - 6.0;
  }

 private:
  std::array<uint32_t, 4> state_{123'456'789, 362'436'069, 521'288'629, 88'675'123};
};

/// Windows over the signal, each without its mean and with some noise.
class Windows {
 public:
  Windows(c10::ArrayRef<double> signal, double rate) : signal_(signal), rate_(rate) {}

  /// Samples under a window of so many periods around `second`.
  Samples at(double second, double pitch, double periods, Shape shape) {
    const int64_t half = std::llround(periods * rate_ / pitch / 2.0);
    const int64_t origin = std::llround(second * rate_ + 0.001);
    const auto last = static_cast<int64_t>(signal_.size()) - 1;
    Samples window;
    Samples samples;
    double sum = 0.0;
    double weight = 0.0;
    for (int64_t i = -half; i <= half; ++i) {
      const double angle =
          std::numbers::pi * (2.0 * static_cast<double>(i) / periods) / rate_ * pitch;
      const double w = shape == Shape::kHann
                           ? 0.5 + 0.5 * std::cos(angle)
                           : 0.42 + 0.5 * std::cos(angle) + 0.08 * std::cos(2.0 * angle);
      window.push_back(w);
      samples.push_back(signal_[std::clamp<int64_t>(origin + i, 0, last)] * w + kNoise * noise_());
      sum += samples.back();
      weight += w;
    }
    for (size_t i = 0; i < samples.size(); ++i) samples[i] -= window[i] * (sum / weight);
    return samples;
  }

 private:
  c10::ArrayRef<double> signal_;
  double rate_;
  Noise noise_;
};

/// Power spectra of frames, as many at once as the transform has lanes.
class Spectra {
 public:
  explicit Spectra(int64_t size)
      : transform_(size),
        frames_(static_cast<size_t>(size * transform_.lanes())),
        scratch_(static_cast<size_t>(transform_.scratchSize())),
        powers_(static_cast<size_t>(transform_.bins() * transform_.lanes())) {}

  int64_t size() const { return transform_.size(); }
  int64_t bins() const { return transform_.bins(); }
  int64_t lanes() const { return transform_.lanes(); }

  void clear() {
    std::ranges::fill(frames_, 0.0);
    longest_ = 1;
  }
  /// A frame's samples i, times weight(i).
  template <class Weight>
  void put(int64_t lane, const Samples& samples, Weight weight) {
    for (size_t i = 0; i < samples.size(); ++i) {
      frames_[i * lanes() + lane] = samples[i] * weight(static_cast<int64_t>(i));
    }
    longest_ = std::max(longest_, static_cast<int64_t>(samples.size()));
  }
  void put(int64_t lane, const Samples& samples) {
    put(lane, samples, [](int64_t) { return 1.0; });
  }
  void transform() {
    transform_.powers(longest_, frames_.data(), lanes(), scratch_.data(), powers_.data(), lanes());
  }
  double power(int64_t lane, int64_t bin) const { return powers_[bin * lanes() + lane]; }

 private:
  FrameSpectra<double> transform_;
  int64_t longest_ = 1;
  Samples frames_;
  Samples scratch_;
  Samples powers_;
};

/// Frequencies 0 to half the rate in equal steps, of a transform.
struct Axis {
  double rate;
  int64_t size;

  double bin(double frequency) const { return frequency * static_cast<double>(size) / rate; }
};

/// Adds to the lowest frequencies, up to the pitch, what mirrored about half of it stands there:
/// the fundamental's lower flank is cut off at 0 Hz.
void mirrorLowEnd(Samples& spectrum, double pitch, const Axis& axis) {
  const double top = axis.bin(pitch);
  Samples mirrored;
  for (int64_t i = 0; i <= static_cast<int64_t>(top); ++i) {
    const double place = top - static_cast<double>(i);
    const auto whole = static_cast<int64_t>(place);
    mirrored.push_back(spectrum[whole] + (place - static_cast<double>(whole)) *
                                             (spectrum[whole + 1] - spectrum[whole]));
  }
  for (size_t i = 0; i < mirrored.size(); ++i) spectrum[i] += mirrored[i];
}

/// Means over a stretch of frequencies around each; the spectrum goes on mirrored at both ends.
Samples smoothed(const Samples& spectrum, double width, const Axis& axis) {
  const auto bins = static_cast<int64_t>(spectrum.size());
  const int64_t margin = static_cast<int64_t>(axis.bin(width)) + 1;
  const double step = axis.rate / static_cast<double>(axis.size);
  Samples sums;
  double sum = 0.0;
  for (int64_t i = -margin; i < bins + margin; ++i) {
    const int64_t mirrored = i < bins ? std::abs(i) : 2 * (bins - 1) - i;
    sum += spectrum[mirrored] * step;
    sums.push_back(sum);
  }
  const auto sumBelow = [&](double place) {
    const auto whole = static_cast<int64_t>(place);
    const double rest = place - static_cast<double>(whole);
    const double next =
        whole + 1 < static_cast<int64_t>(sums.size()) ? sums[whole + 1] : sums[whole];
    return sums[whole] + rest * (next - sums[whole]);
  };
  Samples means;
  // A sum reaches half a step beyond its frequency.
  const double shift = static_cast<double>(margin) - 0.5;
  const double reach = axis.bin(width) / 2.0;
  for (int64_t i = 0; i < bins; ++i) {
    const double center = static_cast<double>(i) + shift;
    means.push_back((sumBelow(center + reach) - sumBelow(center - reach)) / width);
  }
  return means;
}

/// A frame of the recording.
struct Frame {
  size_t index;
  double second;
  double pitch;
};

/// Those of the frames that are voiced: their power lies in the low frequencies (D4C Love Train).
std::vector<Frame> voicedOf(const std::vector<Frame>& frames, double rate, double threshold,
                            Windows& windows, const std::atomic<bool>& abort) {
  Spectra spectra(transformSize(3.0, rate, kLoveTrainPitch));
  const Axis axis{rate, spectra.size()};
  const auto edge = [&](double frequency) {
    return static_cast<int64_t>(std::ceil(axis.bin(frequency)));
  };
  const int64_t lowest = edge(100.0);
  const int64_t middle = edge(4000.0);
  const int64_t highest = edge(7900.0);
  std::vector<Frame> voiced;
  for (size_t first = 0; first < frames.size(); first += spectra.lanes()) {
    if (abort.load(std::memory_order_acquire)) return {};
    const auto count = std::min(spectra.lanes(), static_cast<int64_t>(frames.size() - first));
    spectra.clear();
    for (int64_t lane = 0; lane < count; ++lane) {
      const Frame& frame = frames[first + lane];
      spectra.put(lane, windows.at(frame.second, std::max(frame.pitch, kLoveTrainPitch), 3.0,
                                   Shape::kBlackman));
    }
    spectra.transform();
    for (int64_t lane = 0; lane < count; ++lane) {
      double low = 0.0;
      double all = 0.0;
      for (int64_t bin = lowest + 1; bin <= highest; ++bin) {
        all += spectra.power(lane, bin);
        if (bin == middle) low = all;
      }
      if (low > threshold * all) voiced.push_back(frames[first + lane]);
    }
  }
  return voiced;
}

/// D4C of frames, as many at once as the transform has lanes.
class BandAperiodicity {
 public:
  BandAperiodicity(Windows& windows, double rate)
      : windows_(windows),
        spectra_(transformSize(4.0, rate, kLowestPitch)),
        axis_{rate, spectra_.size()},
        bands_(static_cast<int64_t>(std::min(kHighestBand, rate / 2.0 - kBandWidth) / kBandWidth)),
        window_(nuttall(2 * static_cast<int64_t>(axis_.bin(kBandWidth)) + 1)),
        rate_(rate) {}

  int64_t lanes() const { return spectra_.lanes(); }

  /// Means over the frequencies, written to the frames' places.
  void measure(const Frame* frames, int64_t count, Samples& to) {
    std::vector<Samples> delays = groupDelays(frames, count);
    std::vector<Samples> levels(static_cast<size_t>(count), Samples{kBottom});  // dB
    for (int64_t band = 1; band <= bands_; ++band) {
      spectra_.clear();
      const auto center = static_cast<int64_t>(axis_.bin(kBandWidth * static_cast<double>(band)));
      const int64_t start = center - static_cast<int64_t>(window_.size() / 2);
      for (int64_t lane = 0; lane < count; ++lane) {
        spectra_.put(lane, window_, [&](int64_t i) { return delays[lane][start + i]; });
      }
      spectra_.transform();
      for (int64_t lane = 0; lane < count; ++lane) {
        const double level = noiseLevel(lane) + (frames[lane].pitch - 100.0) / 50.0;
        levels[lane].push_back(std::min(0.0, level));
      }
    }
    for (int64_t lane = 0; lane < count; ++lane) {
      levels[lane].push_back(kTop);
      to[frames[lane].index] = meanAmplitude(levels[lane]);
    }
  }

 private:
  /// Group delays that a steady periodic signal would not have, [bins] of each frame.
  std::vector<Samples> groupDelays(const Frame* frames, int64_t count) {
    // In this order, for the noise's sake: a quarter of a period before each frame, as much after
    // it, and around it.
    std::vector<Samples> before;
    std::vector<Samples> after;
    std::vector<Samples> around;
    for (int64_t lane = 0; lane < count; ++lane) {
      const double pitch = frames[lane].pitch;
      const double second = frames[lane].second;
      before.push_back(windows_.at(second - 0.25 / pitch, pitch, 4.0, Shape::kBlackman));
      after.push_back(windows_.at(second + 0.25 / pitch, pitch, 4.0, Shape::kBlackman));
      around.push_back(windows_.at(second, pitch, 4.0, Shape::kHann));
    }
    // Sums in which the pitch's own movement cancels.
    std::vector<Samples> delays(static_cast<size_t>(count),
                                Samples(static_cast<size_t>(spectra_.bins())));
    addCentroids(before, delays);
    addCentroids(after, delays);
    spectra_.clear();
    for (int64_t lane = 0; lane < count; ++lane) spectra_.put(lane, around[lane]);
    spectra_.transform();
    for (int64_t lane = 0; lane < count; ++lane) {
      const double pitch = frames[lane].pitch;
      Samples power;
      for (int64_t bin = 0; bin < spectra_.bins(); ++bin) {
        power.push_back(spectra_.power(lane, bin));
      }
      mirrorLowEnd(power, pitch, axis_);
      power = smoothed(power, pitch, axis_);
      Samples& delay = delays[lane];
      mirrorLowEnd(delay, pitch, axis_);
      for (size_t bin = 0; bin < delay.size(); ++bin) delay[bin] /= power[bin];
      delay = smoothed(delay, pitch / 2.0, axis_);
      const Samples trend = smoothed(delay, pitch, axis_);
      for (size_t bin = 0; bin < delay.size(); ++bin) delay[bin] -= trend[bin];
    }
    return delays;
  }

  /// The place of a window's middle, counted from 1.
  static double middleOf(const Samples& window) {
    const size_t half = window.size() / 2;
    return static_cast<double>(half + 1);
  }

  /// Adds the centroid of energy at each frequency, of windows made to be of energy 1.
  void addCentroids(const std::vector<Samples>& windows, std::vector<Samples>& sums) {
    // With X the transform of x(n) and Y that of (n + 1)·x(n), Re(X·conj(Y)) is c/4 times the
    // difference of the powers of X + Y/c and X - Y/c; c, the middle, makes both as large.
    for (const double sign : {1.0, -1.0}) {
      spectra_.clear();
      for (size_t lane = 0; lane < windows.size(); ++lane) {
        const double middle = middleOf(windows[lane]);
        spectra_.put(static_cast<int64_t>(lane), windows[lane],
                     [&](int64_t i) { return 1.0 + sign * static_cast<double>(i + 1) / middle; });
      }
      spectra_.transform();
      for (size_t lane = 0; lane < windows.size(); ++lane) {
        const Samples& x = windows[lane];
        const double energy = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
        const double scale = sign * middleOf(x) / 4.0 / energy;
        for (size_t bin = 0; bin < sums[lane].size(); ++bin) {
          sums[lane][bin] +=
              scale * spectra_.power(static_cast<int64_t>(lane), static_cast<int64_t>(bin));
        }
      }
    }
  }

  /// dB of all but the strongest components of a band's group delay, relative to the whole.
  double noiseLevel(int64_t lane) {
    const auto strongest = std::llround(static_cast<double>(spectra_.size()) * 8.0 /
                                        static_cast<double>(window_.size()));
    Samples powers;
    for (int64_t bin = 0; bin < spectra_.bins(); ++bin) powers.push_back(spectra_.power(lane, bin));
    const auto split = powers.end() - strongest - 1;
    std::nth_element(powers.begin(), split, powers.end());
    const double noise = std::accumulate(powers.begin(), split, 0.0);
    return 10.0 * std::log10(noise / std::accumulate(split, powers.end(), noise));
  }

  /// The mean over the frequencies of amplitudes whose dB are given every kBandWidth and at half
  /// the rate, linear in between.
  double meanAmplitude(const Samples& levels) const {
    const int64_t half = transformSize(3.0, rate_, kSpectrumPitch) / 2;
    double sum = 0.0;
    for (int64_t bin = 0; bin <= half; ++bin) {
      const double frequency = rate_ / 2.0 * static_cast<double>(bin) / static_cast<double>(half);
      const int64_t band = std::min(static_cast<int64_t>(frequency / kBandWidth), bands_);
      const double from = kBandWidth * static_cast<double>(band);
      const double width = band < bands_ ? kBandWidth : rate_ / 2.0 - from;
      const double level =
          levels[band] + (frequency - from) / width * (levels[band + 1] - levels[band]);
      sum += std::pow(10.0, level / 20.0);
    }
    return sum / static_cast<double>(half + 1);
  }

  Windows& windows_;
  Spectra spectra_;
  Axis axis_;
  int64_t bands_;
  Samples window_;
  double rate_;
};

}  // namespace

std::vector<double> d4c(c10::ArrayRef<double> signal, int64_t rate,
                        const std::vector<double>& seconds, const std::vector<double>& frequencies,
                        double threshold, const std::atomic<bool>& abort) {
  std::vector<Frame> frames;
  for (size_t i = 0; i < seconds.size(); ++i) {
    if (frequencies[i] > 0.0) frames.push_back({i, seconds[i], frequencies[i]});
  }
  Samples found(seconds.size(), kUnvoiced);
  const auto hertz = static_cast<double>(rate);
  Windows windows(signal, hertz);
  frames = voicedOf(frames, hertz, threshold, windows, abort);
  for (Frame& frame : frames) frame.pitch = std::max(frame.pitch, kLowestPitch);
  BandAperiodicity bands(windows, hertz);
  for (size_t first = 0; first < frames.size(); first += bands.lanes()) {
    if (abort.load(std::memory_order_acquire)) break;
    bands.measure(frames.data() + first,
                  std::min(bands.lanes(), static_cast<int64_t>(frames.size() - first)), found);
  }
  return found;
}

}  // namespace fewsound
