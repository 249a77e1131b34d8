#include "native/nn/hyper/universal_weights.h"

#include <ATen/ATen.h>

#include <bit>
#include <cmath>
#include <string>

namespace fewsound {
namespace {

/// Weights start by Kaiming's rule for a matrix [1, numbers]; whatever the authors' program does
/// not call a weight (biases, a KAN's scales) starts at zero.
bool isWeight(const std::string& name) {
  return name.ends_with(".weight") || name.ends_with(".base") || name.ends_with(".coefficients");
}

/// Taps from which on the CPU computes a convolution faster by Fourier transforms.
constexpr int64_t kManyTaps = 256;

/// One channel of x [1, 1, numbers] under a kernel [1, 1, taps], where it is inside.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t taps = weight.size(2);
  if (!x.is_cpu() || taps < kManyTaps) return at::conv1d(x, weight, bias);
  // On a circle of at least x's length, what comes around it is not inside.
  const auto circle = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(x.size(2))));
  const at::Tensor spectrum = at::fft_rfft(x, circle) * at::fft_rfft(weight, circle).conj();
  return at::fft_irfft(spectrum, circle).narrow(2, 0, x.size(2) - taps + 1) + bias;
}

}  // namespace

UniversalWeights::UniversalWeights(const UniversalOptions& options, const WeightVector& layout,
                                   int64_t width, const Initializer& initializer)
    : torch::nn::Module("UniversalWeights") {
  const int64_t left = layout.numbers() - options.convolutions * (options.kernel - 1);
  TORCH_CHECK_VALUE(left >= 1, "the target has ", layout.numbers(), " weights, too few for ",
                    options.convolutions, " convolutions of kernel ", options.kernel,
                    " over them; expected more than ", options.convolutions * (options.kernel - 1),
                    ": make the target larger or universalKernel smaller");

  std::vector<at::Tensor> parts;
  for (const WeightVector::Slot& slot : layout.slots()) {
    const double bound =
        isWeight(slot.name) ? std::sqrt(6.0 / static_cast<double>(slot.size)) : 0.0;
    parts.push_back(initializer.uniform({slot.size}, bound));
  }
  theta_ = register_parameter("theta", at::cat(parts).unsqueeze(0));

  const auto add = [&](const std::string& name, at::IntArrayRef shape, int64_t fanIn) {
    const double bound = usualBound(fanIn);
    const at::Tensor weight = initializer.uniform(shape, bound);
    return register_module(
        name, std::make_shared<WeightAndBias>(weight, initializer.uniform({shape[0]}, bound)));
  };
  for (int64_t i = 0; i < options.convolutions; ++i) {
    convolutions_.push_back(
        add("conv" + std::to_string(i), {1, 1, options.kernel}, options.kernel));
  }
  linear_ = add("linear", {width, left}, left);
}

at::Tensor UniversalWeights::encode() const {
  at::Tensor x = theta_.unsqueeze(0);  // [1, 1, numbers]
  for (const auto& layer : convolutions_) {
    x = convolution(x, layer->weight, layer->bias);
    at::elu_(x);
  }
  return at::linear(x.squeeze(0), linear_->weight, linear_->bias);
}

}  // namespace fewsound
