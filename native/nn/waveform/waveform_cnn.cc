#include "native/nn/waveform/waveform_cnn.h"

#include <ATen/ATen.h>

#include <string>

namespace fewsound {
namespace {

constexpr Whole kWidth{1, 65'536};

int64_t framesOf(int64_t time, const WaveformLayer& layer) {
  return (time + layer.stride - 1) / layer.stride / layer.pooling;
}

at::Tensor dropped(const at::Tensor& x, double probability, const ClassifierPass& pass) {
  if (!pass.learning || probability == 0.0) return x;
  // On the CPU, so that a seed means the same on every device.
  const at::Tensor kept =
      at::empty(x.sizes(), at::kFloat).bernoulli_(1.0 - probability, pass.generator);
  return x * (kept / (1.0 - probability)).to(x.options());
}

}  // namespace

void fields(OptionVisitor& visit, WaveformLayer& layer) {
  visit({.name = "kernels",
         .meaning = "Widths of the kernels that stand side by side.",
         .required = true},
        layer.kernels, Wholes{.each = kWidth, .length = {1, 64, "kernel widths"}});
  visit({.name = "filters", .meaning = "Filters of each width.", .required = true}, layer.filters,
        kWidth);
  visit({.name = "stride", .meaning = "Samples or frames between two responses."}, layer.stride,
        kWidth);
  visit({.name = "pooling", .meaning = "Frames of which the largest is kept; 1: all."},
        layer.pooling, kWidth);
}

void fields(OptionVisitor& visit, WaveformCnnOptions& options) {
  classifierFields(visit, options);
  visit({.name = "layers",
         .meaning = "The convolutional layers, each followed by ELU, batch norm and max-pooling.",
         .source = "paper 2, section 3.1"},
        options.layers, Length{1, 64, "layers"});
  visit({.name = "hidden", .meaning = "Width of the dense layer."}, options.hidden, kWidth);
  visit(
      {.name = "dropout", .meaning = "Part of the dense layer's outputs that training leaves out."},
      options.dropout, kFraction);
}

struct WaveformCnn::Layer : torch::nn::Module {
  std::vector<std::shared_ptr<CentredConv>> branches;
  std::shared_ptr<BatchNorm> norm;
  int64_t pooling;

  Layer(const WaveformLayer& layer, int64_t in, const Initializer& initializer)
      : torch::nn::Module("Layer"), pooling(layer.pooling) {
    const auto list = register_module("branches", std::make_shared<torch::nn::Module>("branches"));
    for (const int64_t kernel : layer.kernels) {
      const CentredConv::Shape shape{
          .in = in, .out = layer.filters, .kernel = kernel, .stride = layer.stride};
      branches.push_back(list->register_module(std::to_string(branches.size()),
                                               std::make_shared<CentredConv>(shape, initializer)));
    }
    norm = register_module("norm", std::make_shared<BatchNorm>(channels(layer), initializer));
  }

  static int64_t channels(const WaveformLayer& layer) {
    return layer.filters * static_cast<int64_t>(layer.kernels.size());
  }

  at::Tensor forward(const at::Tensor& x, bool learning) const {
    std::vector<at::Tensor> outputs;
    outputs.reserve(branches.size());
    for (const auto& branch : branches) outputs.push_back(branch->forward(x));
    at::Tensor joined = outputs.size() == 1 ? outputs.front() : at::cat(outputs, 1);
    // In place: a convolution needs its input for its gradient, not its result.
    return maxPool(norm->forward(at::elu_(joined), learning), pooling);
  }
};

WaveformCnn::WaveformCnn(const WaveformCnnOptions& options)
    : WaveformClassifier("WaveformCnn", options), dropout_(options.dropout) {
  checkOptions(options);
  const Initializer initializer(options);
  const auto list = register_module("layers", std::make_shared<torch::nn::Module>("layers"));
  int64_t channels = 1;
  int64_t time = options.samples;
  for (const WaveformLayer& layer : options.layers) {
    layers_.push_back(list->register_module(std::to_string(layers_.size()),
                                            std::make_shared<Layer>(layer, channels, initializer)));
    channels = Layer::channels(layer);
    time = framesOf(time, layer);
    TORCH_CHECK_VALUE(time >= 1, "layers: strides and pooling leave nothing of ", options.samples,
                      " samples after layer ", layers_.size(),
                      "; expected smaller ones or more samples");
  }
  dense_ = register_module("dense",
                           std::make_shared<Dense>(channels * time, options.hidden, initializer));
  output_ = register_module("output",
                            std::make_shared<Dense>(options.hidden, options.classes, initializer));
}

at::Tensor WaveformCnn::compute(const at::Tensor& audio, const ClassifierPass& pass) {
  at::Tensor x = audio.unsqueeze(1);  // [batch, channels, time]
  for (const auto& layer : layers_) x = layer->forward(x, pass.learning);
  x = at::relu(dense_->forward(x.flatten(1)));  // [batch, hidden]
  return output_->forward(dropped(x, dropout_, pass));
}

}  // namespace fewsound
