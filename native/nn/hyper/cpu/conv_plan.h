#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/nn/hyper/conv_stack.h"
#include "native/nn/hyper/cpu/conv_kernel.h"

namespace fewsound::cpu {

/// One stage as the kernel sees it: a strided convolution is one of step 1 over `stride` times as
/// many channels, each of which has every stride-th number. Signals are rows of time, `pitch`
/// apart, which is the same for all of one time: an input's with `past` zeros before them, the
/// gradients' of what a convolution gave with as many behind.
template <typename T>
struct PlannedStage {
  int64_t channels, channelTime;  // of what it gets
  int64_t stride;
  int64_t in, out, taps;  // channels · stride; taps for each of them
  int64_t past;
  int64_t time;  // of the output
  int64_t pitch, vectors;
  bool activated, residual;

  at::Tensor forwardWeights;   // [channels, taps, stride, out]
  at::Tensor backwardWeights;  // [out, taps, channels, stride]
  const T* bias;               // [out]
  const T* gain;               // [out, time], or null
  const T* shift;
  std::vector<int64_t> forwardOffsets;   // in the input, for each of the forward weights' rows
  std::vector<int64_t> backwardOffsets;  // in the gradient, for each of the backward weights'

  /// Where a recording's numbers have the input (but for residual stages, who compute theirs
  /// again), what the convolution made of it, and mean and scale of its layer norm.
  int64_t inputAt, outputAt, momentsAt;
};

/// What a pass is for.
enum class ConvUse : uint8_t {
  kResult,     // numbers of a stage are overwritten by later ones
  kGradients,  // all are kept for the way back
  kWayBack,
};

/// Sizes of a stack and of one pass over it, with its weights as the kernel takes them.
template <typename T>
struct ConvPlan {
  const ConvKernel<T>& kernel = convKernel<T>();
  std::vector<PlannedStage<T>> stages;
  int64_t size = 0;        // of a recording's numbers
  int64_t bufferSize = 0;  // holds any signal of the stack

  ConvPlan(const at::Tensor& x, const std::vector<ConvStage>& given, ConvUse use);

 private:
  void place(ConvUse use);
};

}  // namespace fewsound::cpu
