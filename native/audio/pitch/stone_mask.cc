#include "native/audio/pitch/stone_mask.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>

namespace fewsound {
namespace {

using Complex = std::complex<double>;

constexpr double kLowestPitch = 40.0;    // Hz
constexpr double kPeriods = 3.0;         // that a window covers
constexpr double kLeastRatio = 12.0;     // of the rate to a pitch: six harmonics below its half
constexpr double kMostCorrection = 0.2;  // of the pitch that is refined
constexpr double kLeastDenominator = 1e-12;

/// e^(-2πi·k / size), by the size.
using Turns = std::map<int64_t, std::vector<Complex>>;

const std::vector<Complex>& turnsOf(int64_t size, Turns& turns) {
  std::vector<Complex>& found = turns[size];
  for (auto k = static_cast<int64_t>(found.size()); k < size; ++k) {
    found.push_back(std::polar(
        1.0, -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(size)));
  }
  return found;
}

/// A stretch of the signal under a window and under that window's derivative.
struct Stretch {
  std::vector<double> main;
  std::vector<double> derivative;
};

Stretch stretchAt(c10::ArrayRef<double> signal, double rate, double seconds, int64_t half) {
  const int64_t length = 2 * half + 1;
  const double duration = static_cast<double>(length) / rate;
  const auto last = static_cast<int64_t>(signal.size()) - 1;
  std::vector<double> samples(static_cast<size_t>(length));
  std::vector<double> window(static_cast<size_t>(length + 2));  // between zeros
  for (int64_t i = 0; i < length; ++i) {
    // Samples are counted from 1 here, as in Matlab, where WORLD comes from.
    const int64_t place = std::llround((seconds + static_cast<double>(i - half) / rate) * rate);
    const double offset = (static_cast<double>(place) - 1.0) / rate - seconds;
    const double angle = 2.0 * std::numbers::pi * offset / duration;
    window[i + 1] = 0.42 + 0.5 * std::cos(angle) + 0.08 * std::cos(2.0 * angle);
    samples[i] = signal[std::clamp<int64_t>(place - 1, 0, last)];
  }
  Stretch stretch{std::vector<double>(samples.size()), std::vector<double>(samples.size())};
  for (int64_t i = 0; i < length; ++i) {
    stretch.main[i] = samples[i] * window[i + 1];
    stretch.derivative[i] = samples[i] * (window[i] - window[i + 2]) / 2.0;
  }
  return stretch;
}

/// The pitch that the instantaneous frequencies of so many harmonics of `pitch` agree on. Of the
/// stretch's transform only these few frequencies are computed.
double agreedPitch(const Stretch& stretch, double rate, double pitch, int64_t harmonics,
                   const std::vector<Complex>& turns) {
  const auto size = static_cast<int64_t>(turns.size());
  double numerator = 0.0;
  double denominator = 0.0;
  for (int64_t h = 1; h <= harmonics; ++h) {
    const int64_t bin =
        std::llround(pitch * static_cast<double>(size) / rate * static_cast<double>(h));
    Complex main;
    Complex derivative;
    for (size_t i = 0; i < stretch.main.size(); ++i) {
      const Complex& turn = turns[static_cast<size_t>(bin) * i % turns.size()];
      main += stretch.main[i] * turn;
      derivative += stretch.derivative[i] * turn;
    }
    const double power = std::norm(main);
    if (power == 0.0) continue;
    const double center = static_cast<double>(bin) * rate / static_cast<double>(size);
    const double slope =
        (main.real() * derivative.imag() - main.imag() * derivative.real()) / power;
    const double amplitude = std::sqrt(power);
    numerator += amplitude * (center + slope * rate / (2.0 * std::numbers::pi));
    denominator += amplitude * static_cast<double>(h);
  }
  return numerator / (denominator + kLeastDenominator);
}

double refined(c10::ArrayRef<double> signal, double rate, double seconds, double pitch,
               Turns& turns) {
  if (pitch <= kLowestPitch || pitch > rate / kLeastRatio) return 0.0;
  const auto half = static_cast<int64_t>(0.5 * kPeriods * rate / pitch + 1.0);
  const int64_t size =
      4 * static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(2 * half + 1)));
  const Stretch stretch = stretchAt(signal, rate, seconds, half);
  const std::vector<Complex>& table = turnsOf(size, turns);
  const double first = agreedPitch(stretch, rate, pitch, 2, table);
  const bool usable = first > 0.0 && first <= 2.0 * pitch;
  const double better = usable ? agreedPitch(stretch, rate, first, 6, table) : 0.0;
  return std::abs(better - pitch) / pitch > kMostCorrection ? pitch : better;
}

}  // namespace

void stoneMask(c10::ArrayRef<double> signal, int64_t rate, const std::vector<double>& seconds,
               std::vector<double>& frequencies, const std::atomic<bool>& abort) {
  Turns turns;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    if (abort.load(std::memory_order_acquire)) return;
    frequencies[i] = refined(signal, static_cast<double>(rate), seconds[i], frequencies[i], turns);
  }
}

}  // namespace fewsound
