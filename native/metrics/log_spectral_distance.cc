#include "native/metrics/log_spectral_distance.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace fewsound {
namespace {

constexpr double kEpsilon = 1e-12;
/// Numbers of the frames that are transformed at once: 2 MB.
constexpr int64_t kBlock = 262'144;

/// Frames of a signal [samples] as a view: [frames, size].
at::Tensor framesOf(const at::Tensor& signal, int64_t size, int64_t hop) {
  const int64_t edge = size / 2;
  return at::constant_pad_nd(signal.to(at::kDouble), {edge, edge}).unfold(0, size, hop);
}

}  // namespace

double logSpectralDistance(const at::Tensor& reference, const at::Tensor& degraded,
                           double sampleRate) {
  TORCH_CHECK_VALUE(
      reference.dim() == 1 && reference.sizes() == degraded.sizes() && reference.numel() > 0,
      "the signals have the shapes ", reference.sizes(), " and ", degraded.sizes(),
      "; expected [samples], twice the same");
  // Beyond, a single window would fill the memory.
  TORCH_CHECK_VALUE(sampleRate >= 100.0 && sampleRate <= 1e9, "sampleRate is ", sampleRate,
                    "; expected 100 to 1e9 Hz");
  const at::NoGradGuard noGrad;
  const auto size = static_cast<int64_t>(2048.0 * sampleRate / 44'100.0);
  const auto hop = static_cast<int64_t>(sampleRate / 100.0);
  const at::Tensor window = at::hann_window(size, at::kDouble);
  const at::Tensor targets = framesOf(reference, size, hop);
  const at::Tensor estimates = framesOf(degraded, size, hop);
  const int64_t frames = targets.size(0);
  const int64_t most = std::max<int64_t>(1, kBlock / size);
  double sum = 0.0;
  for (int64_t first = 0; first < frames; first += most) {
    const auto magnitudes = [&](const at::Tensor& all) {  // [frames, bins]
      return at::fft_rfft(all.narrow(0, first, std::min(most, frames - first)) * window).abs();
    };
    const at::Tensor ratio = magnitudes(targets) / (magnitudes(estimates) + kEpsilon);
    const at::Tensor level = (ratio.square() + kEpsilon).log10();
    sum += level.square().mean(1).sqrt().sum().item<double>();
  }
  return sum / static_cast<double>(frames);
}

}  // namespace fewsound
