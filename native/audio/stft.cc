#include "native/audio/stft.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

at::Tensor transform(const at::Tensor& signal, const at::Tensor& window, int64_t hop) {
  const int64_t size = window.size(0);
  const at::Tensor padded = at::reflection_pad1d(signal, {size / 2, size / 2});
  const at::Tensor frames = padded.unfold(-1, size, hop);  // [batch, frames, size]
  return at::fft_rfft(frames * window);
}

/// The transpose of `transform` as a linear map over the reals: [batch, frames, bins] -> [batch,
/// samples].
at::Tensor transpose(const at::Tensor& spectrum, const at::Tensor& window, int64_t hop,
                     int64_t samples) {
  const int64_t size = window.size(0);
  const int64_t overlap = size / hop;
  const int64_t batch = spectrum.size(0);
  const int64_t count = spectrum.size(1);
  // An inverse transform counts all bins twice but the first and the last: half of them undoes
  // that. And "forward" leaves out its division by the size.
  at::Tensor once = at::full({size / 2 + 1}, 0.5, window.options());
  once[0].fill_(1.0);
  once[size / 2].fill_(1.0);
  const at::Tensor frames = at::fft_irfft(spectrum * once, size, -1, "forward")
                                .mul_(window)
                                .view({batch, count, overlap, hop});

  const int64_t half = size / 2;
  at::Tensor padded = at::zeros({batch, samples + size}, window.options());
  const at::Tensor blocks =
      padded.narrow(1, 0, (count + overlap - 1) * hop).view({batch, count + overlap - 1, hop});
  for (int64_t j = 0; j < overlap; ++j) blocks.narrow(1, j, count).add_(frames.select(2, j));
  at::Tensor signal = padded.narrow(1, half, samples);
  // Disjoint from the middle, so the margins can be added where they were reflected from.
  signal.narrow(1, 1, half).add_(padded.narrow(1, 0, half).flip(1));
  signal.narrow(1, samples - 1 - half, half).add_(padded.narrow(1, half + samples, half).flip(1));
  return signal;
}

// Each of the two is the other's gradient, so they can be differentiated for ever.

class TransposedStft : public torch::autograd::Function<TransposedStft> {
 public:
  static Variable forward(AutogradContext* ctx, const Variable& spectrum, const Variable& window,
                          int64_t hop, int64_t samples) {
    ctx->save_for_backward({window});
    ctx->saved_data["hop"] = hop;
    return transpose(spectrum, window, hop, samples);
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const Variable window = ctx->get_saved_variables()[0];
    return {centeredStft(gradients[0], window, ctx->saved_data["hop"].toInt()), {}, {}, {}};
  }
};

class Stft : public torch::autograd::Function<Stft> {
 public:
  static Variable forward(AutogradContext* ctx, const Variable& signal, const Variable& window,
                          int64_t hop) {
    ctx->save_for_backward({window});
    ctx->saved_data["hop"] = hop;
    ctx->saved_data["samples"] = signal.size(1);
    return transform(signal, window, hop);
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const Variable window = ctx->get_saved_variables()[0];
    return {TransposedStft::apply(gradients[0], window, ctx->saved_data["hop"].toInt(),
                                  ctx->saved_data["samples"].toInt()),
            {},
            {}};
  }
};

class FlooredMagnitude : public torch::autograd::Function<FlooredMagnitude> {
 public:
  static Variable forward(AutogradContext* ctx, const Variable& spectrum, double floor) {
    at::Tensor power = at::real(spectrum).square();
    power.add_(at::imag(spectrum).square());
    const at::Tensor audible = power.ge(floor);
    at::Tensor magnitude = power.clamp_min_(floor).sqrt_();
    ctx->save_for_backward({spectrum, magnitude, audible});
    return magnitude;
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const variable_list saved = ctx->get_saved_variables();
    const Variable& spectrum = saved[0];
    const Variable& magnitude = saved[1];
    const Variable& audible = saved[2];
    return {spectrum * (gradients[0] * audible / magnitude), {}};
  }
};

}  // namespace

at::Tensor centeredStft(const at::Tensor& signal, const at::Tensor& window, int64_t hop) {
  return Stft::apply(signal, window, hop);
}

at::Tensor flooredMagnitude(const at::Tensor& spectrum, double floor) {
  return FlooredMagnitude::apply(spectrum, floor);
}

}  // namespace fewsound
