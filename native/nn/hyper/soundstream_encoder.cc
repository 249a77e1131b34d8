#include "native/nn/hyper/soundstream_encoder.h"

#include <ATen/ATen.h>

#include <string>

#include "native/nn/hyper/causal_conv.h"

namespace fewsound {
namespace {

constexpr int64_t kKernel = 7;
constexpr int64_t kLastKernel = 3;
constexpr int64_t kDilations[] = {1, 3, 9};

int64_t strided(int64_t time, int64_t stride) { return (time + stride - 1) / stride; }

int64_t widthOf(const SoundStreamOptions& options, int64_t samples) {
  int64_t time = samples;
  for (const int64_t stride : options.strides) time = strided(time, stride);
  return time * options.dimension;
}

}  // namespace

void fields(OptionVisitor& visit, SoundStreamOptions& options) {
  visit({.name = "channels",
         .meaning = "Channels C after the first convolution, doubled by every block."},
        options.channels, Whole{1, 4096});
  visit({.name = "dimension", .meaning = "Numbers D for each step of time in the code."},
        options.dimension, Whole{1, 65'536});
  visit({.name = "strides", .meaning = "Strides of the blocks."}, options.strides,
        Wholes{.each = {1, 64}, .length = {1, 8, "strides"}});
  visit(
      {.name = "layerNorm",
       .meaning = "Layer norm over channels and time, with affine parameters of that shape, which "
                  "ties the model to recordings of one length."},
      options.layerNorm);
}

/// A convolution, layer norm where there is one, and ELU where something follows.
struct SoundStreamEncoder::Stage : torch::nn::Module {
  std::shared_ptr<CausalConv> conv;
  at::Tensor gain;  // [channels, time]; undefined without layer norm
  at::Tensor shift;
  bool activated;

  /// `time` at the output; 0: without layer norm.
  Stage(const CausalConv::Shape& shape, int64_t time, bool active, const Initializer& initializer)
      : torch::nn::Module("Stage"),
        conv(register_module("conv", std::make_shared<CausalConv>(shape, initializer))),
        activated(active) {
    if (time == 0) return;
    const auto norm = register_module("norm", std::make_shared<torch::nn::Module>("LayerNorm"));
    const at::TensorOptions numbers = conv->parameters().front().options().requires_grad(false);
    gain = norm->register_parameter("weight", at::ones({shape.out, time}, numbers));
    shift = norm->register_parameter("bias", at::zeros({shape.out, time}, numbers));
  }

  at::Tensor forward(const at::Tensor& x) const {
    at::Tensor y = conv->forward(x);
    if (gain.defined()) y = at::layer_norm(y, gain.sizes(), gain, shift);
    // In place: what comes before needs its inputs for its gradient, not its result.
    return activated ? at::elu_(y) : y;
  }
};

struct SoundStreamEncoder::ResidualUnit : torch::nn::Module {
  std::shared_ptr<Stage> dilated;
  std::shared_ptr<Stage> pointwise;

  ResidualUnit(int64_t channels, int64_t dilation, int64_t time, const Initializer& initializer)
      : torch::nn::Module("ResidualUnit"),
        dilated(register_module(
            "dilated",
            std::make_shared<Stage>(
                CausalConv::Shape{
                    .in = channels, .out = channels, .kernel = kKernel, .dilation = dilation},
                time, true, initializer))),
        pointwise(register_module(
            "pointwise",
            std::make_shared<Stage>(CausalConv::Shape{.in = channels, .out = channels, .kernel = 1},
                                    time, true, initializer))) {}

  at::Tensor forward(const at::Tensor& x) const {
    return x + pointwise->forward(dilated->forward(x));
  }
};

struct SoundStreamEncoder::Block : torch::nn::Module {
  std::vector<std::shared_ptr<ResidualUnit>> units;
  std::shared_ptr<Stage> down;

  Block(int64_t channels, int64_t stride, int64_t time, const Initializer& initializer)
      : torch::nn::Module("Block") {
    const auto list = register_module("units", std::make_shared<torch::nn::Module>("units"));
    for (const int64_t dilation : kDilations) {
      units.push_back(list->register_module(
          std::to_string(units.size()),
          std::make_shared<ResidualUnit>(channels, dilation, time, initializer)));
    }
    const CausalConv::Shape shape{
        .in = channels, .out = 2 * channels, .kernel = 2 * stride, .stride = stride};
    down = register_module(
        "down", std::make_shared<Stage>(shape, strided(time, stride), true, initializer));
  }

  at::Tensor forward(const at::Tensor& x) const {
    at::Tensor y = x;
    for (const auto& unit : units) y = unit->forward(y);
    return down->forward(y);
  }
};

SoundStreamEncoder::SoundStreamEncoder(const SoundStreamOptions& options, int64_t samples,
                                       const Initializer& initializer)
    : Encoder("SoundStreamEncoder"), width_(widthOf(checked(options), samples)) {
  int64_t channels = options.channels;
  int64_t time = options.layerNorm ? samples : 0;
  first_ = register_module(
      "first",
      std::make_shared<Stage>(CausalConv::Shape{.in = 1, .out = channels, .kernel = kKernel}, time,
                              true, initializer));
  const auto list = register_module("blocks", std::make_shared<torch::nn::Module>("blocks"));
  for (const int64_t stride : options.strides) {
    blocks_.push_back(
        list->register_module(std::to_string(blocks_.size()),
                              std::make_shared<Block>(channels, stride, time, initializer)));
    channels *= 2;
    time = strided(time, stride);
  }
  const CausalConv::Shape last{.in = channels, .out = options.dimension, .kernel = kLastKernel};
  last_ = register_module("last", std::make_shared<Stage>(last, 0, false, initializer));
}

at::Tensor SoundStreamEncoder::forward(const at::Tensor& audio) const {
  at::Tensor x = first_->forward(audio.unsqueeze(1));  // [batch, channels, time]
  for (const auto& block : blocks_) x = block->forward(x);
  return last_->forward(x).flatten(1);
}

}  // namespace fewsound
