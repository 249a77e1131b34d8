#include "native/metrics/stoi.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "native/audio/polyphase.h"
#include "native/audio/real_fft512.h"

namespace fewsound {
namespace {

constexpr int64_t kRate = 10'000;        // Hz
constexpr int64_t kFrame = 256;          // samples of a frame
constexpr int64_t kHop = kFrame / 2;     // samples from frame to frame
constexpr int64_t kFftSize = 512;        // a frame, zeros behind it
constexpr int64_t kBands = 15;           // thirds of an octave
constexpr double kLowestCentre = 150.0;  // Hz, of the first band
constexpr int64_t kSegment = 30;         // frames that are compared together
constexpr double kDynamicRange = 40.0;   // dB below the loudest frame is silence
constexpr double kLeastSdr = -15.0;      // dB: what is worse is clipped
constexpr double kTooShort = 1e-5;       // the package's value where there is no segment
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

using Samples = std::vector<double>;

/// One-third octave spectrogram, [frames][bands].
using Bands = std::vector<std::array<double, kBands>>;

/// A Hann window without its zero ends.
std::array<double, kFrame> makeWindow() noexcept {
  std::array<double, kFrame> window;
  for (int64_t i = 0; i < kFrame; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i + 1) /
                                     static_cast<double>(kFrame + 1));
  }
  return window;
}

const std::array<double, kFrame> kWindow = makeWindow();

struct BinRange {
  int64_t first;
  int64_t end;
};

/// The bins of each band: its edges, a sixth of an octave from the centre, go to the nearest bin.
std::array<BinRange, kBands> makeBandBins() noexcept {
  const auto nearestBin = [](double hertz) {
    constexpr double kBinWidth = static_cast<double>(kRate) / kFftSize;
    // Of two that are equally near, the lower one.
    return static_cast<int64_t>(std::ceil(hertz / kBinWidth - 0.5));
  };
  std::array<BinRange, kBands> bins;
  for (int64_t band = 0; band < kBands; ++band) {
    const double twice = 2.0 * static_cast<double>(band);
    bins[band] = {nearestBin(kLowestCentre * std::exp2((twice - 1.0) / 6.0)),
                  nearestBin(kLowestCentre * std::exp2((twice + 1.0) / 6.0))};
  }
  return bins;
}

const std::array<BinRange, kBands> kBandBins = makeBandBins();

Samples at10kHz(const at::Tensor& signal, int64_t sampleRate) {
  const auto* samples = signal.const_data_ptr<float>();
  Samples wide(samples, samples + signal.numel());
  return sampleRate == kRate ? wide : (*polyphaseResampler(sampleRate, kRate))(wide);
}

/// Frames in a signal; one that would end exactly where the signal does is not counted, as in the
/// authors' program.
int64_t frameCount(int64_t samples) {
  return samples <= kFrame ? 0 : (samples - kFrame + kHop - 1) / kHop;
}

/// Where the frames begin that are not silent in the reference.
std::vector<int64_t> speechFrames(const Samples& reference) {
  const int64_t frames = frameCount(static_cast<int64_t>(reference.size()));
  std::vector<double> levels(frames);  // dB
  for (int64_t frame = 0; frame < frames; ++frame) {
    double energy = 0.0;
    for (int64_t i = 0; i < kFrame; ++i) {
      const double sample = kWindow[i] * reference[frame * kHop + i];
      energy += sample * sample;
    }
    levels[frame] = 20.0 * std::log10(std::sqrt(energy) + kEpsilon);
  }
  std::vector<int64_t> starts;
  if (frames == 0) return starts;
  const double loudest = *std::max_element(levels.begin(), levels.end());
  for (int64_t frame = 0; frame < frames; ++frame) {
    if (loudest - kDynamicRange - levels[frame] < 0.0) starts.push_back(frame * kHop);
  }
  return starts;
}

/// The windowed frames that begin at `starts`, moved together and overlapped.
Samples join(const Samples& signal, const std::vector<int64_t>& starts) {
  if (starts.empty()) return {};
  Samples joined((starts.size() - 1) * kHop + kFrame);
  for (size_t frame = 0; frame < starts.size(); ++frame) {
    double* to = joined.data() + frame * kHop;
    const double* from = signal.data() + starts[frame];
    for (int64_t i = 0; i < kFrame; ++i) to[i] += kWindow[i] * from[i];
  }
  return joined;
}

Bands bandSpectrogram(const Samples& signal) {
  static const RealFft512 fft;
  const int64_t frames = frameCount(static_cast<int64_t>(signal.size()));
  Bands bands(frames);
  std::array<double, RealFft512::kSize> frameSamples{};
  RealFft512::Spectrum spectrum;
  for (int64_t frame = 0; frame < frames; ++frame) {
    for (int64_t i = 0; i < kFrame; ++i) frameSamples[i] = kWindow[i] * signal[frame * kHop + i];
    fft(frameSamples, spectrum);
    for (int64_t band = 0; band < kBands; ++band) {
      double power = 0.0;
      for (int64_t bin = kBandBins[band].first; bin < kBandBins[band].end; ++bin) {
        power += spectrum.real[bin] * spectrum.real[bin] +
                 spectrum.imaginary[bin] * spectrum.imaginary[bin];
      }
      bands[frame][band] = std::sqrt(power);
    }
  }
  return bands;
}

/// Envelopes of the bands over the 30 frames of a segment.
using Segment = std::array<std::array<double, kSegment>, kBands>;

Segment segmentFrom(const Bands& bands, int64_t start) {
  Segment segment;
  for (int64_t band = 0; band < kBands; ++band) {
    for (int64_t i = 0; i < kSegment; ++i) segment[band][i] = bands[start + i][band];
  }
  return segment;
}

double normOf(const std::array<double, kSegment>& envelope) {
  double energy = 0.0;
  for (const double value : envelope) energy += value * value;
  return std::sqrt(energy);
}

void centre(std::array<double, kSegment>& envelope) {
  double sum = 0.0;
  for (const double value : envelope) sum += value;
  for (double& value : envelope) value -= sum / kSegment;
}

/// Sum over the bands of the correlations of envelopes (2011, eq. 3 to 5).
double envelopeCorrelation(Segment reference, Segment degraded) {
  const double clip = 1.0 + std::pow(10.0, -kLeastSdr / 20.0);
  double sum = 0.0;
  for (int64_t band = 0; band < kBands; ++band) {
    auto& x = reference[band];
    auto& y = degraded[band];
    const double scale = normOf(x) / (normOf(y) + kEpsilon);
    for (int64_t i = 0; i < kSegment; ++i) y[i] = std::min(y[i] * scale, x[i] * clip);
    centre(x);
    centre(y);
    double product = 0.0;
    for (int64_t i = 0; i < kSegment; ++i) product += x[i] * y[i];
    sum += product / ((normOf(x) + kEpsilon) * (normOf(y) + kEpsilon));
  }
  return sum;
}

/// Rows, then columns of a segment made zero-mean and of norm 1 (2016, eq. 3 and 4). The energy of
/// the package's noise stands below the root in its place.
void normalise(Segment& segment) {
  const auto inverseRoot = [](double energy, int64_t length) {
    return 1.0 / std::sqrt(energy + static_cast<double>(length) * kEpsilon * kEpsilon);
  };
  for (auto& envelope : segment) {
    centre(envelope);
    const double norm = normOf(envelope);
    const double scale = inverseRoot(norm * norm, kSegment);
    for (double& value : envelope) value *= scale;
  }
  for (int64_t i = 0; i < kSegment; ++i) {
    double mean = 0.0;
    for (const auto& envelope : segment) mean += envelope[i] / kBands;
    double energy = 0.0;
    for (auto& envelope : segment) {
      envelope[i] -= mean;
      energy += envelope[i] * envelope[i];
    }
    const double scale = inverseRoot(energy, kBands);
    for (auto& envelope : segment) envelope[i] *= scale;
  }
}

/// Mean over the frames of the correlations of spectra (2016, eq. 5 and 6).
double spectrumCorrelation(Segment reference, Segment degraded) {
  normalise(reference);
  normalise(degraded);
  double sum = 0.0;
  for (int64_t band = 0; band < kBands; ++band) {
    for (int64_t i = 0; i < kSegment; ++i) sum += reference[band][i] * degraded[band][i];
  }
  return sum / kSegment;
}

}  // namespace

Stoi stoi(const at::Tensor& reference, const at::Tensor& degraded, int64_t sampleRate,
          bool extended) {
  TORCH_CHECK_VALUE(reference.dim() == 1 && reference.sizes() == degraded.sizes(),
                    "the signals have the shapes ", reference.sizes(), " and ", degraded.sizes(),
                    "; expected [samples], twice the same");
  // Beyond, the resampler's filter would fill the memory.
  TORCH_CHECK_VALUE(sampleRate >= 1000 && sampleRate <= 384'000, "sampleRate is ", sampleRate,
                    "; expected 1000 to 384000 Hz");
  TORCH_CHECK_TYPE(reference.scalar_type() == at::kFloat && degraded.scalar_type() == at::kFloat &&
                       reference.is_contiguous() && degraded.is_contiguous() &&
                       reference.is_cpu() && degraded.is_cpu(),
                   "the signals must be float32, contiguous and on the CPU");
  const Samples clean = at10kHz(reference, sampleRate);
  const std::vector<int64_t> speech = speechFrames(clean);
  const Samples joined = join(clean, speech);
  const int64_t frames = frameCount(static_cast<int64_t>(joined.size()));
  if (frames < kSegment) return {.score = kTooShort, .tooShort = true};
  const Bands x = bandSpectrogram(joined);
  const Bands y = bandSpectrogram(join(at10kHz(degraded, sampleRate), speech));

  const int64_t segments = frames - kSegment + 1;
  double sum = 0.0;
  for (int64_t start = 0; start < segments; ++start) {
    const Segment a = segmentFrom(x, start);
    const Segment b = segmentFrom(y, start);
    sum += extended ? spectrumCorrelation(a, b) : envelopeCorrelation(a, b) / kBands;
  }
  return {.score = sum / static_cast<double>(segments), .tooShort = false};
}

}  // namespace fewsound
