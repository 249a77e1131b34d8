#include "native/nn/hyper/snac_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "native/nn/hyper/snake.h"

namespace fewsound {
namespace {

constexpr int64_t kKernel = 7;
constexpr std::array<int64_t, 3> kDilations{1, 3, 9};
constexpr int64_t kReduction = 4;  // kernel and stride of the convolution over all numbers
constexpr double kSlope = 0.2;     // of the leaky ReLU after it
constexpr double kRotaryBase = 10'000.0;

/// Samples to a window of attention.
int64_t samplesPerWindow(const SnacOptions& options) {
  int64_t samples = std::max<int64_t>(options.window, 1);
  for (const int64_t stride : options.strides) {
    samples = std::min(samples * stride, 2 * kMostRecordingSamples);  // 64^8 is beyond all
  }
  return samples;
}

/// The samples of a recording with the zeros that fill up its last window.
int64_t filledUp(const SnacOptions& options, int64_t samples) {
  const int64_t unit = samplesPerWindow(options);
  const int64_t filled = (samples + unit - 1) / unit * unit;
  TORCH_CHECK_VALUE(filled <= kMostRecordingSamples, "SNAC's strides and window take ", unit,
                    " samples or more at once; expected at most ", kMostRecordingSamples,
                    ": make the strides or the window smaller");
  return filled;
}

}  // namespace

void fields(OptionVisitor& visit, SnacOptions& options) {
  visit({.name = "channels",
         .meaning = "Channels d after the first convolution, doubled by every block."},
        options.channels, Whole{1, 4096});
  visit({.name = "strides", .meaning = "Strides of the blocks."}, options.strides,
        Wholes{.each = {2, 64}, .length = {1, 8, "strides"}});
  visit({.name = "window",
         .meaning = "Steps of time, each as long as the product of the strides, in a window of the "
                    "attention; 0: without attention. Recordings are filled up with zeros to whole "
                    "windows."},
        options.window, Whole{0, 4096});
  visit({.name = "headWidth",
         .meaning = "Channels of each head of the attention: an even divisor of the last block's "
                    "channels."},
        options.headWidth, Whole{2, 4096, 2});
  visit(
      {.name = "width",
       .meaning = "Numbers of a code, which a last convolution and a linear layer make; 0: without "
                  "these, all that the encoder gives, channel by channel."},
      options.width, Whole{0, 1'048'576});
}

/// Snake, where there is an activation, and a convolution whose weights are g·v/‖v‖.
struct SnacEncoder::Convolution : torch::nn::Module {
  struct Shape {
    int64_t in;
    int64_t out;
    int64_t kernel;
    int64_t stride = 1;
    int64_t padding = 0;
    int64_t dilation = 1;
    bool activated = true;
  };

  Convolution(const Shape& ofThis, const Initializer& initializer)
      : torch::nn::Module("SnacConvolution"), shape(ofThis) {
    const double bound = usualBound(shape.in * shape.kernel);
    const at::Tensor directions = initializer.uniform({shape.out, shape.in, shape.kernel}, bound);
    if (shape.activated) {
      alpha = register_parameter("alpha", at::ones({1, shape.in, 1}, directions.options()));
    }
    weightG = register_parameter("weight_g", at::norm_except_dim(directions, 2, 0));
    weightV = register_parameter("weight_v", directions);
    bias = register_parameter("bias", initializer.uniform({shape.out}, bound));
  }

  at::Tensor forward(const at::Tensor& x) const {
    return at::conv1d(shape.activated ? snake(x, alpha) : x, at::_weight_norm(weightV, weightG, 0),
                      bias, {shape.stride}, at::IntArrayRef{shape.padding}, {shape.dilation});
  }

  Shape shape;
  at::Tensor alpha;    // [1, in, 1]; undefined without activation
  at::Tensor weightG;  // [out, 1, 1]
  at::Tensor weightV;  // [out, in, kernel]
  at::Tensor bias;     // [out]
};

/// Three residual units, then a convolution to twice the channels at each stride.
struct SnacEncoder::Block : torch::nn::Module {
  Block(int64_t channels, int64_t stride, const Initializer& initializer)
      : torch::nn::Module("SnacBlock") {
    const auto list = register_module("units", std::make_shared<torch::nn::Module>("units"));
    for (const int64_t dilation : kDilations) {
      const auto unit = list->register_module(std::to_string(units.size()),
                                              std::make_shared<torch::nn::Module>("SnacUnit"));
      const auto add = [&](const char* name, const Convolution::Shape& shape) {
        return unit->register_module(name, std::make_shared<Convolution>(shape, initializer));
      };
      const auto dilated = add("dilated", {.in = channels,
                                           .out = channels,
                                           .kernel = kKernel,
                                           .padding = dilation * (kKernel / 2),
                                           .dilation = dilation});
      units.push_back({dilated, add("pointwise", {.in = channels, .out = channels, .kernel = 1})});
    }
    down = register_module(
        "down", std::make_shared<Convolution>(Convolution::Shape{.in = channels,
                                                                 .out = 2 * channels,
                                                                 .kernel = 2 * stride,
                                                                 .stride = stride,
                                                                 .padding = (stride + 1) / 2},
                                              initializer));
  }

  /// [batch, channels, time] -> [batch, 2·channels, time / stride]
  at::Tensor forward(const at::Tensor& x) const {
    at::Tensor now = x;
    for (const auto& [dilated, pointwise] : units) {
      now = now + pointwise->forward(dilated->forward(now));
    }
    return down->forward(now);
  }

  struct Unit {
    std::shared_ptr<Convolution> dilated;
    std::shared_ptr<Convolution> pointwise;
  };
  std::vector<Unit> units;
  std::shared_ptr<Convolution> down;
};

/// Attention of several heads among the steps of each window, with rotary embedding (Su et al.
/// 2021) of their places in it, added to what it hears.
struct SnacEncoder::LocalAttention : torch::nn::Module {
  LocalAttention(int64_t channels, int64_t windowSteps, int64_t headChannels,
                 const Initializer& initializer)
      : torch::nn::Module("LocalAttention"), window(windowSteps), headWidth(headChannels) {
    const double bound = usualBound(channels);
    const auto linear = [&](const char* name, int64_t out) {
      const auto own = register_module(name, std::make_shared<torch::nn::Module>(name));
      return own->register_parameter("weight", initializer.uniform({out, channels}, bound));
    };
    toQkv = linear("qkv", 3 * channels);
    toOut = linear("out", channels);
    const at::TensorOptions numbers = toOut.options().requires_grad(false);
    norm = register_module("norm", std::make_shared<WeightAndBias>(at::ones({channels}, numbers),
                                                                   at::zeros({channels}, numbers)));
  }

  /// Each head's numbers as pairs of its halves, turned by an angle for each step of a window.
  at::Tensor rotated(const at::Tensor& heads, const at::Tensor& angles) const {
    const std::vector<at::Tensor> halves = heads.chunk(2, -1);
    const at::Tensor turned = at::cat({-halves[1], halves[0]}, -1);
    return heads * angles.cos() + turned * angles.sin();
  }

  /// [window, headWidth]
  at::Tensor angles() const {
    const at::TensorOptions numbers = toOut.options().requires_grad(false);
    const at::Tensor exponents =
        at::arange(0, headWidth, 2, numbers) / static_cast<double>(headWidth);
    const at::Tensor frequencies = at::pow(kRotaryBase, exponents).reciprocal();
    return at::outer(at::arange(window, numbers), at::cat({frequencies, frequencies}));
  }

  at::Tensor forward(const at::Tensor& x) const {
    const int64_t batch = x.size(0);
    const int64_t channels = x.size(1);
    const int64_t time = x.size(2);
    const at::Tensor steps =
        at::layer_norm(x.transpose(1, 2), {channels}, norm->weight, norm->bias);
    // Three of [batch, windows, heads, window, headWidth].
    const std::vector<at::Tensor> qkv =
        at::linear(steps, toQkv)
            .view({batch, time / window, window, 3, channels / headWidth, headWidth})
            .permute({3, 0, 1, 4, 2, 5})
            .unbind(0);
    const at::Tensor turns = angles();
    const at::Tensor queries = rotated(qkv[0], turns);
    const at::Tensor keys = rotated(qkv[1], turns);
    const at::Tensor scores =
        at::matmul(queries, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(headWidth));
    const at::Tensor heard = at::matmul(at::softmax(scores, -1), qkv[2])
                                 .transpose(2, 3)
                                 .reshape({batch, time, channels});
    return x + at::linear(heard, toOut).transpose(1, 2);
  }

  int64_t window;
  int64_t headWidth;
  std::shared_ptr<WeightAndBias> norm;
  at::Tensor toQkv;  // [3·channels, channels]
  at::Tensor toOut;  // [channels, channels]
};

SnacEncoder::SnacEncoder(const SnacOptions& options, int64_t samples,
                         const Initializer& initializer)
    : Encoder("SnacEncoder"), samples_(filledUp(checked(options), samples)) {
  int64_t channels = options.channels;
  int64_t time = samples_;
  const auto unactivated = [&](const char* name, int64_t in) {
    const Convolution::Shape shape{
        .in = in, .out = channels, .kernel = kKernel, .padding = kKernel / 2, .activated = false};
    return register_module(name, std::make_shared<Convolution>(shape, initializer));
  };
  first_ = unactivated("first", 1);
  const auto list = register_module("blocks", std::make_shared<torch::nn::Module>("blocks"));
  for (const int64_t stride : options.strides) {
    blocks_.push_back(list->register_module(
        std::to_string(blocks_.size()), std::make_shared<Block>(channels, stride, initializer)));
    channels *= 2;
    time /= stride;
  }
  if (options.window > 0) {
    TORCH_CHECK_VALUE(channels % options.headWidth == 0, "encoder.headWidth is ", options.headWidth,
                      "; expected a divisor of the ", channels,
                      " channels that attend (encoder.channels, doubled by each stride)");
    attention_ = register_module(
        "attention",
        std::make_shared<LocalAttention>(channels, options.window, options.headWidth, initializer));
  }
  last_ = unactivated("last", channels);

  const int64_t numbers = channels * time;
  width_ = options.width > 0 ? options.width : numbers;
  if (options.width == 0) return;
  TORCH_CHECK_VALUE(numbers >= kReduction, "the encoder gives ", numbers, " numbers; expected ",
                    kReduction, " or more: set encoder.width to 0 or encoder.channels higher");
  const auto layer = [&](const char* name, at::IntArrayRef shape, int64_t fanIn) {
    const double bound = usualBound(fanIn);
    const at::Tensor weight = initializer.uniform(shape, bound);
    return register_module(
        name, std::make_shared<WeightAndBias>(weight, initializer.uniform({shape[0]}, bound)));
  };
  reduce_ = layer("reduce", {1, 1, kReduction}, kReduction);
  project_ = layer("project", {width_, numbers / kReduction}, numbers / kReduction);
}

at::Tensor SnacEncoder::forward(const at::Tensor& audio) const {
  const int64_t missing = samples_ - audio.size(1);
  const at::Tensor filled = missing > 0 ? at::constant_pad_nd(audio, {0, missing}) : audio;
  at::Tensor x = first_->forward(filled.unsqueeze(1));  // [batch, channels, time]
  for (const auto& block : blocks_) x = block->forward(x);
  if (attention_) x = attention_->forward(x);
  x = last_->forward(x).flatten(1);
  if (!reduce_) return x;
  x = at::conv1d(x.unsqueeze(1), reduce_->weight, reduce_->bias, {kReduction}).squeeze(1);
  return at::linear(at::leaky_relu(x, kSlope), project_->weight, project_->bias);
}

}  // namespace fewsound
