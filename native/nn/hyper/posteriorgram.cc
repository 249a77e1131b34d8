#include "native/nn/hyper/posteriorgram.h"

#include <ATen/ATen.h>

#include <memory>

#include "native/audio/mfcc.h"

namespace fewsound {
namespace {

constexpr int64_t kRate = 16'000;
constexpr int64_t kMels = 32;
constexpr int64_t kCoefficients = 19;
constexpr int64_t kLayers = 2;

/// From each frame to the next; after the last one there is silence.
at::Tensor differences(const at::Tensor& x) { return at::constant_pad_nd(x, {0, 1}).diff(); }

}  // namespace

Posteriorgram::Posteriorgram(int64_t hidden, int64_t window, bool frozen,
                             const Initializer& initializer)
    : torch::nn::Module("Posteriorgram"), window_(window), frozen_(frozen) {
  const auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>("mlp"));
  for (int64_t i = 0; i < kLayers; ++i) {
    // In the checkpoints there is a ReLU behind each layer.
    const auto layer =
        mlp->register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>("dense"));
    const int64_t in = i == 0 ? 3 * kCoefficients : hidden;
    const double bound = usualBound(in);
    dense_.push_back(add(*layer, "weight", {hidden, in}, bound, initializer));
    dense_.push_back(add(*layer, "bias", {hidden}, bound, initializer));
  }
  const auto lstm = register_module("lstm", std::make_shared<torch::nn::Module>("lstm"));
  const double bound = usualBound(hidden);
  for (int64_t i = 0; i < kLayers; ++i) {
    const std::string layer = "_l" + std::to_string(i);
    const std::vector<int64_t> square{4 * hidden, hidden};
    recurrent_.push_back(add(*lstm, "weight_ih" + layer, square, bound, initializer));
    recurrent_.push_back(add(*lstm, "weight_hh" + layer, square, bound, initializer));
    recurrent_.push_back(add(*lstm, "bias_ih" + layer, {4 * hidden}, bound, initializer));
    recurrent_.push_back(add(*lstm, "bias_hh" + layer, {4 * hidden}, bound, initializer));
  }
}

at::Tensor Posteriorgram::add(torch::nn::Module& to, const std::string& name, at::IntArrayRef shape,
                              double bound, const Initializer& initializer) const {
  const at::Tensor values = initializer.uniform(shape, frozen_ ? 0.0 : bound);
  return frozen_ ? to.register_buffer(name, values) : to.register_parameter(name, values);
}

at::Tensor Posteriorgram::cepstra(const at::Tensor& sound) const {
  const at::NoGradGuard noGrad;
  return mfcc(sound, {.sampleRate = kRate,
                      .window = window_,
                      .hop = hop(),
                      .mels = kMels,
                      .coefficients = kCoefficients});
}

at::Tensor Posteriorgram::forward(const at::Tensor& cepstra) const {
  const at::AutoGradMode gradients(!frozen_ && at::GradMode::is_enabled());
  const at::Tensor slopes = differences(cepstra);
  at::Tensor x = at::cat({cepstra, slopes, differences(slopes)}, 1);
  x = x.transpose(1, 2).contiguous();  // [batch, frames, 3·coefficients]
  for (size_t i = 0; i < dense_.size(); i += 2) {
    x = at::relu(at::linear(x, dense_[i], dense_[i + 1]));
  }
  const at::Tensor state = at::zeros({kLayers, x.size(0), x.size(2)}, x.options());
  return std::get<0>(at::lstm(x, {state, state}, recurrent_, /*has_biases=*/true, kLayers,
                              /*dropout=*/0.0, /*train=*/!frozen_, /*bidirectional=*/false,
                              /*batch_first=*/true));
}

}  // namespace fewsound
