#include "native/nn/hyper/spectral_encoder.h"

#include <ATen/ATen.h>

#include <array>
#include <string>

#include "native/audio/loudness.h"
#include "native/audio/pitch/pitch.h"
#include "native/audio/stft.h"
#include "native/parallel_for.h"

namespace fewsound {
namespace {

constexpr int64_t kRate = 16'000;
constexpr int64_t kWindow = 512;
constexpr int64_t kHop = kWindow / 2;
constexpr int64_t kLoudnessWindow = 64;
constexpr double kLeastPower = 1e-6 + 1e-8;
constexpr double kLayerNormEpsilon = 1e-5;

constexpr std::array<const char*, 3> kPosteriorgramUses{"none", "learned", "frozen"};

PitchOptions pitchOptions() {
  PitchOptions options;
  options.floor = 50.0;
  options.ceiling = 550.0;
  options.decimation = 4;
  options.framePeriod = 1000.0 * kHop / kRate;
  return options;
}

/// From a recording's rate to that of what is heard of it.
SincRates ratesOf(const SpectralOptions& options) {
  return {options.sampleRate, options.resample ? kRate : options.sampleRate};
}

/// The number of samples that every part needs, for an error before the first step.
int64_t leastSamples(const SpectralOptions& options) {
  int64_t least = kWindow;
  if (options.posteriorgram != PosteriorgramUse::kNone) {
    least = std::max(least, options.posteriorgramWindow / 2 + 1);
  }
  if (options.pitch) least = std::max(least, leastPitchSamples(kRate, pitchOptions()));
  return least;
}

void checkLength(const SpectralOptions& options, int64_t samples) {
  const int64_t heard = ratesOf(options).resampledLength(samples);
  const int64_t least = leastSamples(options);
  TORCH_CHECK_VALUE(heard >= least, "samples is ", samples, ", which a spectral encoder hears as ",
                    heard, " at 16 kHz; it needs ", least, " or more");
}

/// Pitch and aperiodicity of every frame, [batch, frames, 2], of float64 sound on the CPU.
at::Tensor pitches(const at::Tensor& sound, int64_t frames) {
  const at::Tensor signals = sound.contiguous();
  const at::Tensor found = at::zeros({sound.size(0), frames, 2}, at::kDouble);
  auto rows = found.accessor<double, 3>();
  const std::atomic<bool> abort = false;
  parallelFor(0, sound.size(0), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const c10::ArrayRef<double> signal(signals.const_data_ptr<double>() + i * sound.size(1),
                                         static_cast<size_t>(sound.size(1)));
      const Pitch pitch = measurePitch(signal, kRate, pitchOptions(), abort);
      for (int64_t frame = 0; frame < frames; ++frame) {
        rows[i][frame][0] = pitch.frequency[frame];
        rows[i][frame][1] = pitch.aperiodicity[frame];
      }
    }
  });
  return found;
}

}  // namespace

void fields(OptionVisitor& visit, SpectralOptions& options) {
  visit({.name = "hidden", .meaning = "Width of the layers that see single frames."},
        options.hidden, Whole{1, 4096});
  visit({.name = "lookahead",
         .meaning = "Convolutions, each of which looks one frame of 16 ms further ahead."},
        options.lookahead, Whole{0, 32});
  visit({.name = "width", .meaning = "Numbers in a code: the width of the recurrent layer."},
        options.width, Whole{1, 65'536});
  visit({.name = "sampleRate", .meaning = "Samples per second of the recordings, Hz."},
        options.sampleRate, Whole{1000, 384'000});
  visit({.name = "resample",
         .meaning = "Hear recordings at 16 kHz, for which everything here was made; else their "
                    "samples are taken as if they were at 16 kHz, as the authors do."},
        options.resample);
  visit({.name = "posteriorgram",
         .meaning = "Network of phonetic posteriorgrams: left out (none), learned with the rest "
                    "(learned), or with weights from a file, which stay as they are (frozen)."},
        options.posteriorgram, Choice{kPosteriorgramUses});
  visit({.name = "posteriorgramHidden", .meaning = "Width of the posteriorgram's layers."},
        options.posteriorgramHidden, Whole{1, 4096});
  visit({.name = "posteriorgramWindow",
         .meaning = "Samples in a frame of the posteriorgram; frames are half a window apart."},
        options.posteriorgramWindow, Whole{128, 16'384, 2});
  visit({.name = "loudness", .meaning = "Hear the A-weighted loudness of every frame."},
        options.loudness);
  visit({.name = "loudnessInDecibels",
         .meaning = "Loudness in decibels throughout; else magnitudes in natural logarithms plus "
                    "the weighting in decibels, as the authors have it."},
        options.loudnessInDecibels);
  visit({.name = "pitch", .meaning = "Hear the pitch and the aperiodicity of every frame."},
        options.pitch);
}

struct SpectralEncoder::LayerNorm : torch::nn::Module {
  LayerNorm(int64_t width, const Initializer& initializer) {
    bias = initializer.uniform({width}, 0.0);
    weight = register_parameter("weight", at::ones_like(bias));
    bias = register_parameter("bias", bias);
  }
  at::Tensor forward(const at::Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, kLayerNormEpsilon);
  }
  at::Tensor weight;
  at::Tensor bias;
};

SpectralEncoder::SpectralEncoder(const SpectralOptions& options, int64_t samples,
                                 const Initializer& initializer)
    : Encoder("SpectralEncoder"), options_(checked(options)), rates_(ratesOf(options)) {
  checkLength(options, samples);
  const int64_t hidden = options.hidden;
  const auto convolution = [&](const std::string& name, int64_t in, int64_t out, int64_t kernel) {
    const CentredConv::Shape shape{.in = in, .out = out, .kernel = kernel};
    return register_module(name, std::make_shared<CentredConv>(shape, initializer));
  };
  gate_ = convolution("gate", kWindow / 2 + 1, 2 * hidden, 1);
  for (int64_t i = 0; i < options.lookahead; ++i) {
    convolutions_.push_back(convolution("conv" + std::to_string(i), hidden, hidden, 2));
    if (i + 1 == options.lookahead) continue;
    norms_.push_back(register_module("norm" + std::to_string(i),
                                     std::make_shared<BatchNorm>(hidden, initializer)));
  }
  for (int64_t i = 0; i < 2; ++i) {
    const std::string number = std::to_string(i);
    dense_.push_back(
        register_module("dense" + number, std::make_shared<Dense>(hidden, hidden, initializer)));
    denseNorms_.push_back(
        register_module("denseNorm" + number, std::make_shared<LayerNorm>(hidden, initializer)));
  }
  int64_t joined = hidden + (options.loudness ? 1 : 0) + (options.pitch ? 2 : 0);
  if (options.posteriorgram != PosteriorgramUse::kNone) {
    posteriorgram_ = register_module(
        "posteriorgram", std::make_shared<Posteriorgram>(
                             options.posteriorgramHidden, options.posteriorgramWindow,
                             options.posteriorgram == PosteriorgramUse::kFrozen, initializer));
    joined += options.posteriorgramHidden;
  }
  joinedNorm_ = register_module("joinedNorm", std::make_shared<BatchNorm>(joined, initializer));
  joined_ = register_module("joined", std::make_shared<Dense>(joined, hidden, initializer));
  const auto gru = register_module("gru", std::make_shared<torch::nn::Module>("gru"));
  const int64_t width = options.width;
  const double bound = usualBound(width);
  const auto add = [&](const char* name, at::IntArrayRef shape) {
    return gru->register_parameter(name, initializer.uniform(shape, bound));
  };
  gru_.input = add("weight_ih_l0", {3 * width, hidden});
  gru_.state = add("weight_hh_l0", {3 * width, width});
  gru_.inputBias = add("bias_ih_l0", {3 * width});
  gru_.stateBias = add("bias_hh_l0", {3 * width});
}

std::vector<at::Tensor> SpectralEncoder::statistics() const {
  std::vector<at::Tensor> all = joinedNorm_->buffers();
  for (const auto& norm : norms_) {
    for (const at::Tensor& buffer : norm->buffers()) all.push_back(buffer);
  }
  return all;
}

SpectralEncoder::Heard SpectralEncoder::hear(const at::Tensor& audio) const {
  const at::NoGradGuard noGrad;
  // In float64, in which all that is heard is computed.
  const at::Tensor given = audio.to(at::kDouble);
  const at::Tensor sound =
      rates_.areSame() ? given : rates_.resample(given, rates_.taps(given.options()));
  const auto kept = [&](const at::Tensor& feature) {
    return feature.to(audio.device(), audio.scalar_type());
  };
  Heard heard;
  const at::Tensor spectrum = centeredStft(sound, at::hann_window(kWindow, sound.options()), kHop);
  const at::Tensor power = at::real(spectrum).square() + at::imag(spectrum).square();
  heard.spectrogram = kept(10.0 * (power + kLeastPower).log10());
  if (posteriorgram_) heard.cepstra = kept(posteriorgram_->cepstra(sound));
  if (options_.loudness) {
    const LoudnessShape shape{.sampleRate = kRate,
                              .window = kLoudnessWindow,
                              .hop = kHop,
                              .decibels = options_.loudnessInDecibels};
    heard.loudness = kept(loudness(sound, shape).unsqueeze(2));
  }
  if (options_.pitch) heard.pitch = kept(pitches(sound.cpu(), heard.spectrogram.size(1)));
  return heard;
}

at::Tensor SpectralEncoder::encoded(const at::Tensor& spectrogram, bool learning) const {
  at::Tensor x = at::glu(gate_->forward(spectrogram.transpose(1, 2)), 1);
  for (size_t i = 0; i < convolutions_.size(); ++i) {  // [batch, hidden, frames]
    x = convolutions_[i]->forward(x);
    if (i < norms_.size()) x = norms_[i]->forward(x, learning);
    x = at::relu(x);
  }
  x = x.transpose(1, 2);
  x = at::leaky_relu(denseNorms_[0]->forward(dense_[0]->forward(x)));
  return denseNorms_[1]->forward(dense_[1]->forward(x));
}

at::Tensor SpectralEncoder::codes(const at::Tensor& audio, bool learning) const {
  const Heard heard = hear(audio);
  std::vector<at::Tensor> parts{encoded(heard.spectrogram, learning)};
  if (posteriorgram_) {
    // Of each frame the posteriorgram's frame that begins with it or holds it.
    const int64_t frames = heard.spectrogram.size(1);
    const at::Tensor places =
        at::arange(frames, at::kLong).mul_(kHop).floor_divide_(posteriorgram_->hop());
    parts.push_back(
        posteriorgram_->forward(heard.cepstra).index_select(1, places.to(audio.device())));
  }
  if (options_.loudness) parts.push_back(heard.loudness);
  if (options_.pitch) parts.push_back(heard.pitch);
  at::Tensor x = at::cat(parts, 2);
  x = joinedNorm_->forward(x.transpose(1, 2), learning).transpose(1, 2);
  return lastGruState(at::relu(joined_->forward(x)), gru_);
}

std::vector<std::pair<std::string, at::Tensor>> SpectralEncoder::features(
    const at::Tensor& audio) const {
  const Heard heard = hear(audio);
  std::vector<std::pair<std::string, at::Tensor>> all{
      {"spectrogram", heard.spectrogram}, {"encoded", encoded(heard.spectrogram, false)}};
  if (posteriorgram_) {
    all.emplace_back("cepstra", heard.cepstra.transpose(1, 2));
    all.emplace_back("posteriorgram", posteriorgram_->forward(heard.cepstra));
  }
  if (options_.loudness) all.emplace_back("loudness", heard.loudness);
  if (options_.pitch) {
    all.emplace_back("pitch", heard.pitch.narrow(2, 0, 1));
    all.emplace_back("aperiodicity", heard.pitch.narrow(2, 1, 1));
  }
  return all;
}

}  // namespace fewsound
