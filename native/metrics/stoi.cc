#include "native/metrics/stoi.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "native/audio/frame_spectra.h"
#include "native/audio/polyphase.h"
#include "native/cpu/wider_vectors.h"

namespace fewsound {
namespace {

constexpr int64_t kRate = 10'000;        // Hz
constexpr int64_t kFrame = 256;          // samples of a frame
constexpr int64_t kHop = kFrame / 2;     // samples from frame to frame
constexpr int64_t kFftSize = 512;        // a frame, zeros behind it
constexpr int64_t kBands = 15;           // thirds of an octave
constexpr double kLowestCenter = 150.0;  // Hz, of the first band
constexpr int64_t kSegment = 30;         // frames that are compared together
constexpr double kDynamicRange = 40.0;   // dB below the loudest frame is silence
constexpr double kLeastSdr = -15.0;      // dB: what is worse is clipped
constexpr double kTooShort = 1e-5;       // the package's value where there is no segment
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

using Samples = std::vector<double>;

/// Segments that are compared side by side, each in a lane of the vectors.
constexpr int64_t kLanes = 8;

/// One-third octave spectrogram, [bands, frames]: the frames of a band side by side, and zeros
/// behind them where lanes may run over the end.
struct Bands {
  int64_t frames;
  int64_t pitch;
  std::vector<double> values;

  const double* row(int64_t band) const { return values.data() + band * pitch; }
};

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

/// The bins of each band: its edges, a sixth of an octave from the center, go to the nearest bin.
std::array<BinRange, kBands> makeBandBins() noexcept {
  const auto nearestBin = [](double hertz) {
    constexpr double kBinWidth = static_cast<double>(kRate) / kFftSize;
    // Of two that are equally near, the lower one.
    return static_cast<int64_t>(std::ceil(hertz / kBinWidth - 0.5));
  };
  std::array<BinRange, kBands> bins;
  for (int64_t band = 0; band < kBands; ++band) {
    const double twice = 2.0 * static_cast<double>(band);
    bins[band] = {nearestBin(kLowestCenter * std::exp2((twice - 1.0) / 6.0)),
                  nearestBin(kLowestCenter * std::exp2((twice + 1.0) / 6.0))};
  }
  return bins;
}

const std::array<BinRange, kBands> kBandBins = makeBandBins();

Samples at10kHz(const at::Tensor& signal, int64_t sampleRate) {
  const auto* samples = signal.const_data_ptr<float>();
  if (sampleRate == kRate) return {samples, samples + signal.numel()};
  return (*polyphaseResampler(sampleRate, kRate))(samples, signal.numel());
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

/// Sample i of the hop after the frame's first ones side by side for all hops, [kHop, pitch]:
/// sample t of the frames is then a stretch of a row.
std::vector<double> byHop(const Samples& signal, int64_t pitch) {
  std::vector<double> rows(static_cast<size_t>(kHop * pitch));
  const auto samples = static_cast<int64_t>(signal.size());
  for (int64_t start = 0; start < samples; start += kHop) {
    const int64_t there = std::min(kHop, samples - start);
    for (int64_t i = 0; i < there; ++i) rows[i * pitch + start / kHop] = signal[start + i];
  }
  return rows;
}

Bands bandSpectrogram(const Samples& signal) {
  static const FrameSpectra<double> spectra(kFftSize);
  const int64_t lanes = spectra.lanes();
  const int64_t frames = frameCount(static_cast<int64_t>(signal.size()));
  const int64_t pitch = frames + std::max(lanes, kLanes) + 1;
  const std::vector<double> hops = byHop(signal, pitch);
  Bands bands{frames, pitch, std::vector<double>(static_cast<size_t>(kBands * pitch))};
  std::vector<double> windowed(static_cast<size_t>(kFrame * lanes));
  std::vector<double> scratch(static_cast<size_t>(spectra.scratchSize()));
  std::vector<double> powers(static_cast<size_t>(spectra.bins() * lanes));
  for (int64_t first = 0; first < frames; first += lanes) {
    for (int64_t t = 0; t < kFrame; ++t) {
      const double* const from = hops.data() + t % kHop * pitch + first + t / kHop;
      double* const to = windowed.data() + t * lanes;
      for (int64_t lane = 0; lane < lanes; ++lane) to[lane] = kWindow[t] * from[lane];
    }
    spectra.powers(kFrame, windowed.data(), lanes, scratch.data(), powers.data(), lanes);
    const int64_t there = std::min(lanes, frames - first);
    for (int64_t band = 0; band < kBands; ++band) {
      double* const to = bands.values.data() + band * pitch + first;
      for (int64_t bin = kBandBins[band].first; bin < kBandBins[band].end; ++bin) {
        const double* const from = powers.data() + bin * lanes;
        for (int64_t lane = 0; lane < there; ++lane) to[lane] += from[lane];
      }
      for (int64_t lane = 0; lane < there; ++lane) to[lane] = std::sqrt(to[lane]);
    }
  }
  return bands;
}

/// A number for each of kLanes segments.
using Lanes = std::array<double, kLanes>;

/// The correlations (2011, eq. 3 to 5) of an envelope over the segments that begin at x and y,
/// added to `sums`.
FEWSOUND_WIDER_VECTORS
void addEnvelopeCorrelations(const double* x, const double* y, Lanes& sums) {
  const double clip = 1.0 + std::pow(10.0, -kLeastSdr / 20.0);
  Lanes xEnergy{};
  Lanes yEnergy{};
  for (int64_t i = 0; i < kSegment; ++i) {
    for (int64_t s = 0; s < kLanes; ++s) {
      xEnergy[s] += x[i + s] * x[i + s];
      yEnergy[s] += y[i + s] * y[i + s];
    }
  }
  Lanes scale;
  for (int64_t s = 0; s < kLanes; ++s) {
    scale[s] = std::sqrt(xEnergy[s]) / (std::sqrt(yEnergy[s]) + kEpsilon);
  }
  std::array<Lanes, kSegment> clipped;
  Lanes xMean{};
  Lanes yMean{};
  for (int64_t i = 0; i < kSegment; ++i) {
    for (int64_t s = 0; s < kLanes; ++s) {
      clipped[i][s] = std::min(y[i + s] * scale[s], x[i + s] * clip);
      xMean[s] += x[i + s] / kSegment;
      yMean[s] += clipped[i][s] / kSegment;
    }
  }
  Lanes product{};
  xEnergy = {};
  yEnergy = {};
  for (int64_t i = 0; i < kSegment; ++i) {
    for (int64_t s = 0; s < kLanes; ++s) {
      const double a = x[i + s] - xMean[s];
      const double b = clipped[i][s] - yMean[s];
      xEnergy[s] += a * a;
      yEnergy[s] += b * b;
      product[s] += a * b;
    }
  }
  for (int64_t s = 0; s < kLanes; ++s) {
    sums[s] += product[s] /
               ((std::sqrt(xEnergy[s]) + kEpsilon) * (std::sqrt(yEnergy[s]) + kEpsilon)) / kBands;
  }
}

/// Envelopes of the bands over the frames of kLanes segments.
using Segments = std::array<std::array<Lanes, kSegment>, kBands>;

/// 1 over the root of energies of vectors of so many numbers. The energy of the package's noise
/// stands below the root in its place.
FEWSOUND_WIDER_VECTORS
void invertRoots(Lanes& energies, int64_t length) {
  const double noise = static_cast<double>(length) * kEpsilon * kEpsilon;
  for (double& energy : energies) energy = 1.0 / std::sqrt(energy + noise);
}

/// Rows, then columns of the segments made zero-mean and of norm 1 (2016, eq. 3 and 4).
FEWSOUND_WIDER_VECTORS
void normalize(const Bands& bands, int64_t start, Segments& segments) {
  for (int64_t band = 0; band < kBands; ++band) {
    const double* const from = bands.row(band) + start;
    auto& envelope = segments[band];
    Lanes mean{};
    for (int64_t i = 0; i < kSegment; ++i) {
      for (int64_t s = 0; s < kLanes; ++s) mean[s] += from[i + s] / kSegment;
    }
    Lanes scale{};
    for (int64_t i = 0; i < kSegment; ++i) {
      for (int64_t s = 0; s < kLanes; ++s) {
        envelope[i][s] = from[i + s] - mean[s];
        scale[s] += envelope[i][s] * envelope[i][s];
      }
    }
    invertRoots(scale, kSegment);
    for (int64_t i = 0; i < kSegment; ++i) {
      for (int64_t s = 0; s < kLanes; ++s) envelope[i][s] *= scale[s];
    }
  }
  for (int64_t i = 0; i < kSegment; ++i) {
    Lanes mean{};
    for (const auto& envelope : segments) {
      for (int64_t s = 0; s < kLanes; ++s) mean[s] += envelope[i][s] / kBands;
    }
    Lanes scale{};
    for (auto& envelope : segments) {
      for (int64_t s = 0; s < kLanes; ++s) {
        envelope[i][s] -= mean[s];
        scale[s] += envelope[i][s] * envelope[i][s];
      }
    }
    invertRoots(scale, kBands);
    for (auto& envelope : segments) {
      for (int64_t s = 0; s < kLanes; ++s) envelope[i][s] *= scale[s];
    }
  }
}

/// Means over the frames of the correlations of spectra (2016, eq. 5 and 6), added to `sums`.
FEWSOUND_WIDER_VECTORS
void addSpectrumCorrelations(const Segments& reference, const Segments& degraded, Lanes& sums) {
  for (int64_t band = 0; band < kBands; ++band) {
    for (int64_t i = 0; i < kSegment; ++i) {
      for (int64_t s = 0; s < kLanes; ++s) {
        sums[s] += reference[band][i][s] * degraded[band][i][s] / kSegment;
      }
    }
  }
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
  Segments a;
  Segments b;
  for (int64_t start = 0; start < segments; start += kLanes) {
    Lanes sums{};
    if (extended) {
      normalize(x, start, a);
      normalize(y, start, b);
      addSpectrumCorrelations(a, b, sums);
    } else {
      for (int64_t band = 0; band < kBands; ++band) {
        addEnvelopeCorrelations(x.row(band) + start, y.row(band) + start, sums);
      }
    }
    // Lanes behind the last segment have no frames of their own.
    for (int64_t s = 0; s < std::min(kLanes, segments - start); ++s) sum += sums[s];
  }
  return {.score = sum / static_cast<double>(segments), .tooShort = false};
}

}  // namespace fewsound
