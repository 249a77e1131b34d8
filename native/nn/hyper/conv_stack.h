#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace fewsound {

/// A causal convolution over time, which hears nothing of the future (dilation·(kernel - 1) zeros
/// on the left, none on the right), then layer norm over channels and time where it has a gain, ELU
/// where it is activated, and the sum with an earlier signal where it closes a residual unit.
struct ConvStage {
  at::Tensor weight = {};  // [out, in, kernel]
  at::Tensor bias = {};    // [out]
  at::Tensor gain = {};    // [out, time of the output]; undefined without layer norm
  at::Tensor shift = {};   // as gain
  int64_t stride = 1;
  int64_t dilation = 1;
  bool activated = true;
  bool residual = false;  // adds what the stage before this one got
};

/// Stages one after another: x [batch, channels, time] -> [batch, out, time], where each stride
/// divides the time and rounds up. Differentiable in everything, twice.
///
/// On the CPU recordings go through all stages side by side, one for each thread; what layer norm
/// and ELU give is computed again for the gradients instead of being kept.
at::Tensor convStack(const at::Tensor& x, const std::vector<ConvStage>& stages);

/// The same, stage by stage, by ATen operators only.
at::Tensor convStackReference(const at::Tensor& x, const std::vector<ConvStage>& stages);

}  // namespace fewsound
