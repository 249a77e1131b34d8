// Losses against a fixed target, and how far one is from the reference.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <random>
#include <utility>

#include "native/loss/local_weights.h"
#include "native/loss/target_loss.h"

namespace fewsound::test {

inline ReconstructionLossOptions lossOf(std::vector<int64_t> fftSizes, int64_t mels) {
  ReconstructionLossOptions options;
  options.fftSizes = std::move(fftSizes);
  options.mels = mels;
  return options;
}

inline at::Tensor noise(int64_t clips, int64_t samples, at::ScalarType dtype) {
  return at::rand({clips, samples}, dtype) * 1.6 - 0.8;
}

inline double relativeError(const at::Tensor& value, const at::Tensor& expected) {
  return ((value - expected).abs().max() / expected.abs().max().clamp_min(1e-300)).item<double>();
}

/// Largest relative error of losses and gradients against the reference.
inline double lossError(TargetLoss& fused, const ReconstructionLossOptions& options,
                        const at::Tensor& target, const at::Tensor& estimate) {
  const auto reference = TargetLoss::makeReference(options, target);
  fused.evaluate(estimate);
  reference->evaluate(estimate);
  return std::max(relativeError(fused.losses(), reference->losses()),
                  relativeError(fused.gradient(), reference->gradient()));
}

struct LossCase {
  ReconstructionLossOptions options;
  int64_t clips;
  int64_t samples;
};

inline LossCase randomLoss(std::mt19937& random) {
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  std::vector<int64_t> sizes;
  for (int r = between(1, 4); r > 0; --r) sizes.push_back(int64_t{4} * between(1, 40));
  ReconstructionLossOptions options = lossOf(sizes, between(1, 40));
  options.time = between(0, 1) * 1.5;
  options.mel = 0.5 + between(0, 2);
  options.bandPower = between(0, 1) * 1.25;
  const int64_t longest = *std::max_element(sizes.begin(), sizes.end());
  const int64_t samples = longest / 2 + between(1, between(0, 3) == 0 ? 4000 : 200);
  return {.options = options, .clips = between(1, 3), .samples = samples};
}

/// With parts of the loss that the CUDA kernels do not have.
inline LossCase withOtherParts(LossCase c, std::mt19937& random) {
  const auto oneOf = [&](int count) {
    return std::uniform_int_distribution<int>(1, count)(random) == 1;
  };
  if (oneOf(2)) {
    c.options.emphasized = 0.7;
    c.options.localPower = oneOf(2) ? 0.8 : 0.0;
  }
  if (oneOf(3)) {
    c.options.stft = 0.4;
    c.samples = std::max(c.samples, kStftSize);
  }
  return c;
}

}  // namespace fewsound::test
