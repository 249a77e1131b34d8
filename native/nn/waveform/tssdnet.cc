#include "native/nn/waveform/tssdnet.h"

#include <ATen/ATen.h>

#include <string>

namespace fewsound {
namespace {

constexpr int64_t kFirstKernel = 7;
constexpr int64_t kKernel = 3;
constexpr int64_t kPooling = 4;
constexpr int64_t kChannels[] = {16, 32, 64, 128, 128};
constexpr int64_t kDilations[] = {1, 2, 4, 8};
constexpr int64_t kHidden[] = {64, 32};

CentredConv::Shape convShape(int64_t in, int64_t out, int64_t kernel, int64_t dilation = 1) {
  return {.in = in, .out = out, .kernel = kernel, .dilation = dilation, .bias = false};
}

}  // namespace

void fields(OptionVisitor& visit, TssdnetOptions& options) {
  // Every block pools; something must be left of the samples.
  constexpr int64_t kLeastSamples = kPooling * kPooling * kPooling * kPooling;
  static_assert(std::size(kChannels) == 5);
  classifierFields(visit, options, kLeastSamples);
}

struct Tssdnet::Block : torch::nn::Module {
  using torch::nn::Module::Module;
  /// [batch, in, time] -> [batch, out, time]
  virtual at::Tensor forward(const at::Tensor& x, bool learning) const = 0;
};

struct Tssdnet::ResidualBlock : Block {
  std::vector<std::shared_ptr<CentredConv>> convs;
  std::shared_ptr<CentredConv> shortcut;
  std::vector<std::shared_ptr<BatchNorm>> norms;

  ResidualBlock(int64_t in, int64_t out, const Initializer& initializer) : Block("ResidualBlock") {
    for (int64_t i = 1; i <= 3; ++i) {
      const std::string number = std::to_string(i);
      const CentredConv::Shape shape = convShape(i == 1 ? in : out, out, kKernel);
      convs.push_back(
          register_module("conv" + number, std::make_shared<CentredConv>(shape, initializer)));
      norms.push_back(
          register_module("bn" + number, std::make_shared<BatchNorm>(out, initializer)));
    }
    shortcut =
        register_module("nin", std::make_shared<CentredConv>(convShape(in, out, 1), initializer));
  }

  at::Tensor forward(const at::Tensor& x, bool learning) const override {
    at::Tensor y = norms[0]->forward(convs[0]->forward(x), learning).relu_();
    y = norms[1]->forward(convs[1]->forward(y), learning).relu_();
    y = convs[2]->forward(y) + shortcut->forward(x);
    return norms[2]->forward(y, learning).relu_();
  }
};

struct Tssdnet::InceptionBlock : Block {
  std::vector<std::shared_ptr<CentredConv>> convs;
  std::vector<std::shared_ptr<BatchNorm>> norms;

  InceptionBlock(int64_t in, int64_t out, const Initializer& initializer)
      : Block("InceptionBlock") {
    constexpr auto kBranches = static_cast<int64_t>(std::size(kDilations));
    for (const int64_t dilation : kDilations) {
      const std::string number = std::to_string(dilation);
      const CentredConv::Shape shape = convShape(in, out / kBranches, kKernel, dilation);
      convs.push_back(
          register_module("cv" + number, std::make_shared<CentredConv>(shape, initializer)));
      norms.push_back(register_module("bn" + number,
                                      std::make_shared<BatchNorm>(out / kBranches, initializer)));
    }
  }

  at::Tensor forward(const at::Tensor& x, bool learning) const override {
    std::vector<at::Tensor> outputs;
    outputs.reserve(convs.size());
    for (size_t i = 0; i < convs.size(); ++i) {
      outputs.push_back(norms[i]->forward(convs[i]->forward(x), learning));
    }
    return at::cat(outputs, 1).relu_();
  }
};

Tssdnet::Tssdnet(const TssdnetOptions& options) : WaveformClassifier("Tssdnet", options) {
  constexpr auto kBlocks = static_cast<int64_t>(std::size(kChannels)) - 1;
  checkOptions(options);
  const Initializer initializer(options);
  first_ = register_module("conv1", std::make_shared<CentredConv>(
                                        convShape(1, kChannels[0], kFirstKernel), initializer));
  norm_ = register_module("bn1", std::make_shared<BatchNorm>(kChannels[0], initializer));
  const bool residual = options.block == TssdnetBlock::kResidual;
  for (int64_t i = 1; i <= kBlocks; ++i) {
    const int64_t in = kChannels[i - 1];
    const int64_t out = kChannels[i];
    const std::string number = std::to_string(i);
    if (residual) {
      blocks_.push_back(
          register_module("RSM" + number, std::make_shared<ResidualBlock>(in, out, initializer)));
    } else {
      blocks_.push_back(
          register_module("DCM" + number, std::make_shared<InceptionBlock>(in, out, initializer)));
    }
  }
  int64_t width = kChannels[kBlocks];
  for (const int64_t hidden : kHidden) {
    dense_.push_back(register_module("fc" + std::to_string(dense_.size() + 1),
                                     std::make_shared<Dense>(width, hidden, initializer)));
    width = hidden;
  }
  dense_.push_back(
      register_module("out", std::make_shared<Dense>(width, options.classes, initializer)));
}

at::Tensor Tssdnet::compute(const at::Tensor& audio, const ClassifierPass& pass) {
  at::Tensor x = audio.unsqueeze(1);  // [batch, channels, time]
  x = norm_->forward(first_->forward(x), pass.learning).relu_();
  for (const auto& block : blocks_) x = block->forward(maxPool(x, kPooling), pass.learning);
  // The paper pools 375 frames, which is all of six seconds.
  x = maxPool(x, x.size(2)).flatten(1);
  for (const auto& dense : dense_) {
    x = dense->forward(x);
    if (dense != dense_.back()) x = at::relu(x);
  }
  return x;
}

}  // namespace fewsound
