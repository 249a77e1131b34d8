#include "native/metrics/cdpam.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace fewsound {
namespace {

constexpr size_t kConvolutions = 16;
constexpr size_t kHalving = 4;  // each fourth convolution leaves out every other sample
constexpr size_t kLinears = 4;
constexpr size_t kWeights = 6 * kConvolutions + 3 * kLinears;
constexpr int64_t kReach = 7;        // samples that a convolution sees to each side
constexpr int64_t kDecimation = 16;  // samples to an output of the encoder
constexpr double kBatchEpsilon = 1e-5;

/// An output of the encoder depends on this many samples to each side, a multiple of the
/// decimation: 4 convolutions at each of the rates 1, 1/2, 1/4 and 1/8.
constexpr int64_t kHalo = 432;
static_assert(kHalo >= kReach * 4 * (1 + 2 + 4 + 8) && kHalo % kDecimation == 0);

/// Samples that are encoded at once. The vector is a mean over time, so a sound can be taken in
/// stretches that overlap by the halo: memory stays bounded however long it is.
constexpr int64_t kStretch = 32'768;

}  // namespace

Cdpam::Cdpam(const std::vector<at::Tensor>& weights) {
  TORCH_CHECK_VALUE(weights.size() == kWeights, "CDPAM has ", kWeights, " tensors, not ",
                    weights.size());
  const at::NoGradGuard noGrad;
  auto next = weights.begin();
  for (size_t i = 0; i < kConvolutions; ++i, next += 6) {
    const at::Tensor scale =
        next[2].to(at::kDouble) / (next[5].to(at::kDouble) + kBatchEpsilon).sqrt();
    const at::Tensor shift = next[3] - next[4].to(at::kDouble) * scale;
    convolutions_.push_back(
        {.weight = (next[0] * scale.reshape({-1, 1, 1})).to(at::kFloat).contiguous(),
         .bias = (next[1] * scale + shift).to(at::kFloat)});
  }
  for (size_t i = 0; i < kLinears; ++i, next += 2) {
    linears_.push_back({.weight = next[0].clone(), .bias = next[1].clone()});
  }
  for (; next != weights.end(); ++next) channelWeights_.push_back(next->clone());
}

double Cdpam::distance(const at::Tensor& reference, const at::Tensor& degraded,
                       const std::atomic<bool>& abort) const {
  TORCH_CHECK_VALUE(
      reference.dim() == 1 && reference.numel() > 0 && reference.sizes() == degraded.sizes(),
      "the signals have the shapes ", reference.sizes(), " and ", degraded.sizes(),
      "; expected [samples], twice the same");
  const at::NoGradGuard noGrad;
  const at::Tensor vectors = encode(at::stack({reference, degraded}), abort);
  if (abort.load(std::memory_order_acquire)) return std::numeric_limits<double>::quiet_NaN();
  at::Tensor hidden = vectors;  // [2, width]
  double distance = 0.0;
  for (size_t i = 0; i < kLinears; ++i) {
    hidden = at::linear(hidden, linears_[i].weight, linears_[i].bias);
    if (i + 1 < kLinears) hidden = at::leaky_relu(hidden);
    const at::Tensor difference = (hidden[1] - hidden[0]) * channelWeights_[i];
    distance += difference.abs().sum().item<double>();
  }
  return distance;
}

at::Tensor Cdpam::encode(const at::Tensor& sounds, const std::atomic<bool>& abort) const {
  const int64_t samples = sounds.size(1);
  const at::Tensor scaled =
      (sounds.to(at::kCPU, at::kDouble) * 32'768.0).round().to(at::kFloat).unsqueeze(1);
  at::Tensor sum;  // [sounds, channels]
  for (int64_t start = 0; start < samples; start += kStretch) {
    const int64_t from = std::max<int64_t>(0, start - kHalo);
    const int64_t end = std::min(samples, start + kStretch);
    at::Tensor x = scaled.slice(2, from, std::min(samples, end + kHalo));
    for (size_t i = 0; i < kConvolutions; ++i) {
      if (abort.load(std::memory_order_acquire)) return {};
      const bool halves = (i + 1) % kHalving == 0;
      x = at::conv1d(x, convolutions_[i].weight, convolutions_[i].bias,
                     /*stride=*/halves ? 2 : 1, /*padding=*/kReach);
      at::leaky_relu_(x, 0.1);
    }
    // The outputs at multiples of 16 samples in [start, end).
    const int64_t first = (start - from) / kDecimation;
    const int64_t count = (end - start + kDecimation - 1) / kDecimation;
    const at::Tensor part = x.slice(2, first, first + count).to(at::kDouble).sum(2);
    sum = sum.defined() ? sum + part : part;
  }
  const int64_t outputs = (samples + kDecimation - 1) / kDecimation;
  const at::Tensor means = (sum / static_cast<double>(outputs)).to(at::kFloat);
  // The first half stands for how it sounds, the second for what is said.
  const at::Tensor acoustics = means.slice(1, 0, means.size(1) / 2);
  const at::Tensor norms = acoustics.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
  // Where the norm overflows, all directions would become the same zero.
  return at::where(norms.isfinite(), acoustics / norms, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace fewsound
