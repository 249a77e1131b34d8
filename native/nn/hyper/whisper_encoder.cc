#include "native/nn/hyper/whisper_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "native/audio/log_mel.h"
#include "native/audio/mel.h"

namespace fewsound {
namespace {

constexpr int64_t kPositions = whisper::kMostFrames / 2;
constexpr double kMostSeconds = 30.0;
constexpr double kPlaceBase = 10'000.0;

int64_t roundedUp(double number) { return static_cast<int64_t>(std::ceil(number)); }

int64_t positionsOf(const SincRates& rates, int64_t samples) {
  const int64_t heard = rates.resampledLength(samples);
  const int64_t positions = (heard + 2 * whisper::kHop - 1) / (2 * whisper::kHop);
  TORCH_CHECK_VALUE(positions <= kPositions, "the recordings have ",
                    static_cast<double>(heard) / whisper::kSampleRate,
                    " s; Whisper hears at most 30: make samples smaller");
  return positions;
}

/// Sines and cosines of a place, for each of a row of frequencies: [1500, channels].
at::Tensor sinusoids(int64_t channels) {
  const int64_t half = channels / 2;
  const double step = std::log(kPlaceBase) / static_cast<double>(std::max<int64_t>(half - 1, 1));
  const at::Tensor frequencies = at::exp(-step * at::arange(half, at::kDouble));
  const at::Tensor angles = at::outer(at::arange(kPositions, at::kDouble), frequencies);
  return at::cat({angles.sin(), angles.cos()}, 1);
}

/// Computes in the tensors' own precision until the end of the scope.
class WithoutAutocast {
 private:
  c10::impl::ExcludeDispatchKeyGuard guard_{c10::autocast_dispatch_keyset};
};

}  // namespace

void fields(OptionVisitor& visit, LoraOptions& options) {
  visit({.name = "rank", .meaning = "Rank of the updates; 0: without, Whisper is fixed."},
        options.rank, Whole{0, 4096});
  visit({.name = "alpha", .meaning = "The updates count alpha / rank times."}, options.alpha,
        kPositive);
  visit({.name = "query", .meaning = "Whether the queries' projection has one."}, options.query);
  visit({.name = "key", .meaning = "Whether the keys' has."}, options.key);
  visit({.name = "value", .meaning = "Whether the values' has."}, options.value);
  visit({.name = "output", .meaning = "Whether the heads' joint one has."}, options.output);
}

void fields(OptionVisitor& visit, WhisperOptions& options) {
  visit({.name = "mels",
         .meaning = "Mel bands: 80, for large-v3 128.",
         .source = "tiny.en, as the defaults of the three below"},
        options.mels, Whole{1, 512});
  visit({.name = "channels",
         .meaning = "Channels: 384 tiny, 512 base, 768 small, 1024 medium, 1280 large."},
        options.channels, Whole{2, 16'384, 2});
  visit({.name = "layers", .meaning = "Layers: 4 tiny, 6 base, 12 small, 24 medium, 32 large."},
        options.layers, Whole{1, 256});
  visit({.name = "headWidth", .meaning = "Channels of each head, a divisor of `channels`."},
        options.headWidth, Whole{1, 16'384});
  visit({.name = "sampleRate",
         .meaning = "Rate of the recordings, Hz, which are resampled to Whisper's 16 kHz."},
        options.sampleRate, Whole{1, 384'000});
  visit({.name = "seconds",
         .meaning = "Recordings are filled up with silence to so many seconds. 30 gives what "
                    "Whisper was trained to give; with less, positions attend to less silence, "
                    "which is not the same and much faster. 0: the recording alone."},
        options.seconds, Real{.least = 0.0, .most = kMostSeconds});
  visit(
      {.name = "lora", .meaning = "Low-rank updates of the attention's projections, which learn."},
      options.lora);
  visit({.name = "width",
         .meaning = "Numbers of a code, the last state of a GRU; 0: without it, all that Whisper "
                    "gives for the recording, position by position."},
        options.width, Whole{0, 65'536});
}

/// The fixed `weight` and `bias` of one layer; without memory for a bias that it lacks.
struct WhisperEncoder::Affine : torch::nn::Module {
  Affine(const at::Tensor& weights, const at::Tensor& biases)
      : torch::nn::Module("WhisperLayer"), weight(register_buffer("weight", weights)) {
    if (biases.defined()) bias = register_buffer("bias", biases);
  }

  at::Tensor weight;
  at::Tensor bias;
};

/// A linear layer of the attention, y = W x + b, with its update alpha/rank·B A x where it has one.
struct WhisperEncoder::Projection : torch::nn::Module {
  Projection(int64_t channels, bool hasBias, bool learns, const LoraOptions& lora,
             const Initializer& initializer)
      : torch::nn::Module("WhisperProjection") {
    const double bound = usualBound(channels);
    weight = register_buffer("weight", initializer.uniform({channels, channels}, bound));
    if (hasBias) bias = register_buffer("bias", initializer.uniform({channels}, bound));
    if (!learns || lora.rank == 0) return;
    scale = lora.alpha / static_cast<double>(lora.rank);
    down = register_parameter("lora_a", initializer.uniform({lora.rank, channels}, bound));
    up = register_parameter("lora_b", initializer.uniform({channels, lora.rank}, 0.0));
  }

  at::Tensor forward(const at::Tensor& x) const {
    const at::Tensor y = at::linear(x, weight, bias);
    return down.defined() ? y + scale * at::linear(at::linear(x, down), up) : y;
  }

  at::Tensor weight;  // [channels, channels]
  at::Tensor bias;    // [channels]; undefined where there is none
  at::Tensor down;    // A [rank, channels]; undefined without an update
  at::Tensor up;      // B [channels, rank], as A
  double scale = 0.0;
};

/// A pre-norm block of a transformer.
struct WhisperEncoder::Layer : torch::nn::Module {
  Layer(const WhisperOptions& options, const Initializer& initializer)
      : torch::nn::Module("WhisperLayer"), headWidth(options.headWidth) {
    const int64_t channels = options.channels;
    const LoraOptions& lora = options.lora;
    const auto attention =
        register_module("self_attn", std::make_shared<torch::nn::Module>("self_attn"));
    const auto projection = [&](const char* name, bool hasBias, bool learns) {
      return attention->register_module(
          name, std::make_shared<Projection>(channels, hasBias, learns, lora, initializer));
    };
    key = projection("k_proj", false, lora.key);
    value = projection("v_proj", true, lora.value);
    query = projection("q_proj", true, lora.query);
    output = projection("out_proj", true, lora.output);
    const auto affine = [&](const char* name, const at::Tensor& weight, const at::Tensor& bias) {
      return register_module(name, std::make_shared<Affine>(weight, bias));
    };
    const auto linear = [&](const char* name, int64_t in, int64_t out) {
      const at::Tensor weight = initializer.uniform({out, in}, usualBound(in));
      return affine(name, weight, initializer.uniform({out}, usualBound(in)));
    };
    const auto norm = [&](const char* name) {
      const at::Tensor zeros = initializer.uniform({channels}, 0.0);
      return affine(name, zeros + 1.0, zeros);
    };
    attentionNorm = norm("self_attn_layer_norm");
    wide = linear("fc1", channels, 4 * channels);
    narrow = linear("fc2", 4 * channels, channels);
    lastNorm = norm("final_layer_norm");
  }

  /// [batch, positions, channels], as its result
  at::Tensor forward(const at::Tensor& x) const {
    const at::Tensor between = x + attention(normed(x, *attentionNorm));
    const at::Tensor hidden =
        at::gelu(at::linear(normed(between, *lastNorm), wide->weight, wide->bias));
    return between + at::linear(hidden, narrow->weight, narrow->bias);
  }

  static at::Tensor normed(const at::Tensor& x, const Affine& norm) {
    return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias);
  }

  at::Tensor attention(const at::Tensor& x) const {
    const auto heads = [&](const at::Tensor& of) {  // [batch, heads, positions, headWidth]
      return of.view({x.size(0), x.size(1), -1, headWidth}).transpose(1, 2);
    };
    const at::Tensor queries = heads(query->forward(x));
    const at::Tensor keys = heads(key->forward(x));
    const at::Tensor values = heads(value->forward(x));
    at::Tensor heard;
    if (x.is_cpu()) {
      heard = at::scaled_dot_product_attention(queries, keys, values);
    } else {
      // Not fused: the gradients of the fused ones are sums in no order.
      const double scale = usualBound(headWidth);
      const at::Tensor scores = at::matmul(queries * scale, keys.transpose(-2, -1));
      heard = at::matmul(at::softmax(scores, -1), values);
    }
    return output->forward(heard.transpose(1, 2).reshape(x.sizes()));
  }

  int64_t headWidth;
  std::shared_ptr<Projection> query;
  std::shared_ptr<Projection> key;
  std::shared_ptr<Projection> value;
  std::shared_ptr<Projection> output;
  std::shared_ptr<Affine> attentionNorm;
  std::shared_ptr<Affine> wide;
  std::shared_ptr<Affine> narrow;
  std::shared_ptr<Affine> lastNorm;
};

/// What is computed from the options alone: no part of a file, but it moves with the model.
struct WhisperEncoder::Tables : torch::nn::Module {
  Tables(const SincRates& rates, int64_t mels, const at::TensorOptions& numbers)
      : torch::nn::Module("tables"),
        window(register_buffer("window", at::hann_window(whisper::kFftSize, numbers))),
        filterbank(register_buffer(
            "filterbank", melFilterbank(whisper::kSampleRate, whisper::kFftSize, mels, numbers))) {
    if (!rates.areSame()) taps = register_buffer("taps", rates.taps(numbers));
  }

  at::Tensor window;
  at::Tensor filterbank;
  at::Tensor taps;  // undefined at 16 kHz
};

WhisperEncoder::WhisperEncoder(const WhisperOptions& options, int64_t samples,
                               const Initializer& initializer)
    : Encoder("WhisperEncoder"),
      rates_(checked(options).sampleRate, whisper::kSampleRate),
      positions_(positionsOf(rates_, samples)),
      frames_(2 * std::max(positions_, roundedUp(options.seconds * 50.0))),
      width_(options.width > 0 ? options.width : positions_ * options.channels) {
  const int64_t channels = options.channels;
  TORCH_CHECK_VALUE(channels % options.headWidth == 0, "encoder.headWidth is ", options.headWidth,
                    "; expected a divisor of encoder.channels, ", channels);
  TORCH_CHECK_VALUE(rates_.resampledLength(samples) > whisper::kFftSize / 2, "samples is ", samples,
                    ", at 16 kHz ", rates_.resampledLength(samples), "; Whisper needs ",
                    whisper::kFftSize / 2 + 1, " there, half a frame and one");
  const auto convolution = [&](const char* name, int64_t in) {
    const at::Tensor weight = initializer.uniform({channels, in, 3}, usualBound(3 * in));
    const at::Tensor bias = initializer.uniform({channels}, usualBound(3 * in));
    return register_module(name, std::make_shared<Affine>(weight, bias));
  };
  conv1_ = convolution("conv1", options.mels);
  conv2_ = convolution("conv2", channels);
  const at::TensorOptions numbers = conv1_->weight.options();
  places_ = register_module("embed_positions",
                            std::make_shared<Affine>(sinusoids(channels).to(numbers), at::Tensor()))
                ->weight;
  const auto list = register_module("layers", std::make_shared<torch::nn::Module>("layers"));
  for (int64_t i = 0; i < options.layers; ++i) {
    layers_.push_back(
        list->register_module(std::to_string(i), std::make_shared<Layer>(options, initializer)));
  }
  norm_ = register_module("layer_norm", std::make_shared<Affine>(at::ones({channels}, numbers),
                                                                 at::zeros({channels}, numbers)));
  tables_ = register_module("tables", std::make_shared<Tables>(rates_, options.mels, numbers));
  if (options.width == 0) return;
  const auto gru = register_module("gru", std::make_shared<torch::nn::Module>("gru"));
  const auto tensor = [&](const char* name, at::IntArrayRef shape) {
    return gru->register_parameter(name, initializer.uniform(shape, usualBound(options.width)));
  };
  gru_.input = tensor("weight_ih", {3 * options.width, channels});
  gru_.state = tensor("weight_hh", {3 * options.width, options.width});
  gru_.inputBias = tensor("bias_ih", {3 * options.width});
  gru_.stateBias = tensor("bias_hh", {3 * options.width});
}

std::vector<Encoder::Fixed> WhisperEncoder::fixed() const {
  std::vector<Fixed> all;
  for (const auto& item : named_buffers()) {
    if (!item.key().starts_with("tables.")) all.push_back({item.key(), item.value()});
  }
  return all;
}

at::Tensor WhisperEncoder::logMel(const at::Tensor& audio) const {
  const WithoutAutocast exactly;
  const at::Tensor heard = rates_.areSame() ? audio : rates_.resample(audio, tables_->taps);
  return whisper::logMel(heard, tables_->window, tables_->filterbank, frames_);
}

at::Tensor WhisperEncoder::forward(const at::Tensor& audio) const {
  at::Tensor x = at::gelu(at::conv1d(logMel(audio), conv1_->weight, conv1_->bias, {1}, {1}));
  x = at::gelu(at::conv1d(x, conv2_->weight, conv2_->bias, {2}, {1}));
  x = x.transpose(1, 2) + places_.narrow(0, 0, frames_ / 2);  // [batch, positions, channels]
  for (const auto& layer : layers_) x = layer->forward(x);
  x = Layer::normed(x.narrow(1, 0, positions_), *norm_);
  if (!gru_.state.defined()) return x.flatten(1);
  return lastGruState(x, gru_);
}

}  // namespace fewsound
