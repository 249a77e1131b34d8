#include "native/nn/hyper/soundstream_encoder.h"

#include <ATen/ATen.h>

#include <iterator>
#include <memory>
#include <string>

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

namespace {

std::shared_ptr<torch::nn::Module> part(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, std::make_shared<torch::nn::Module>(name));
}

struct Shape {
  int64_t in;
  int64_t out;
  int64_t kernel;
  int64_t stride = 1;
  int64_t dilation = 1;
};

/// A stage whose tensors are those of a part of its own: `conv.weight` and `conv.bias`, and those
/// of `norm` for so many numbers of time at the output; 0: without layer norm.
ConvStage makeStage(torch::nn::Module& parent, const std::string& name, const Shape& shape,
                    int64_t time, const Initializer& initializer) {
  const auto own = part(parent, name);
  const auto conv = part(*own, "conv");
  const double bound = usualBound(shape.in * shape.kernel);
  ConvStage stage{.stride = shape.stride, .dilation = shape.dilation};
  stage.weight = conv->register_parameter(
      "weight", initializer.uniform({shape.out, shape.in, shape.kernel}, bound));
  stage.bias = conv->register_parameter("bias", initializer.uniform({shape.out}, bound));
  if (time == 0) return stage;
  const auto norm = part(*own, "norm");
  const at::TensorOptions numbers = stage.bias.options().requires_grad(false);
  stage.gain = norm->register_parameter("weight", at::ones({shape.out, time}, numbers));
  stage.shift = norm->register_parameter("bias", at::zeros({shape.out, time}, numbers));
  return stage;
}

}  // namespace

SoundStreamEncoder::SoundStreamEncoder(const SoundStreamOptions& options, int64_t samples,
                                       const Initializer& initializer)
    : Encoder("SoundStreamEncoder"), width_(widthOf(checked(options), samples)) {
  int64_t channels = options.channels;
  int64_t time = options.layerNorm ? samples : 0;
  const auto add = [&](torch::nn::Module& parent, const std::string& name, const Shape& shape,
                       int64_t normTime) -> ConvStage& {
    return stages_.emplace_back(makeStage(parent, name, shape, normTime, initializer));
  };
  add(*this, "first", {.in = 1, .out = channels, .kernel = kKernel}, time);
  const auto blocks = part(*this, "blocks");
  for (size_t i = 0; i < options.strides.size(); ++i) {
    const auto block = part(*blocks, std::to_string(i));
    const auto units = part(*block, "units");
    for (size_t u = 0; u < std::size(kDilations); ++u) {
      const auto unit = part(*units, std::to_string(u));
      add(*unit, "dilated",
          {.in = channels, .out = channels, .kernel = kKernel, .dilation = kDilations[u]}, time);
      add(*unit, "pointwise", {.in = channels, .out = channels, .kernel = 1}, time).residual = true;
    }
    const int64_t stride = options.strides[i];
    time = strided(time, stride);
    add(*block, "down",
        {.in = channels, .out = 2 * channels, .kernel = 2 * stride, .stride = stride}, time);
    channels *= 2;
  }
  add(*this, "last", {.in = channels, .out = options.dimension, .kernel = kLastKernel}, 0)
      .activated = false;
}

at::Tensor SoundStreamEncoder::forward(const at::Tensor& audio) const {
  return convStack(audio.unsqueeze(1), stages_).flatten(1);
}

}  // namespace fewsound
