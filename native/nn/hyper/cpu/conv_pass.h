#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "native/nn/hyper/cpu/conv_plan.h"

namespace fewsound::cpu {

/// Where the gradients of a stage's tensors are summed.
template <typename T>
struct StageSums {
  T* weight;
  T* bias;
  T* gain;  // null without layer norm
  T* shift;
};

/// One recording through all stages and back. For one thread, or with loops that many share.
template <typename T>
class ConvPass {
 public:
  ConvPass(const ConvPlan<T>& plan, const at::TensorOptions& options, bool goesBack);

  /// x [channels, time] -> y [out, time]; `kept` has room for the plan's numbers of a recording.
  void forward(const T* x, T* kept, T* y) const;
  /// Adds the gradients of the stages' tensors; writes x's, where it is not null.
  void backward(const T* kept, const T* gradient, const std::vector<StageSums<T>>& sums,
                T* xGradient) const;

 private:
  using Stage = PlannedStage<T>;

  const T* inputOf(size_t s, const T* kept) const;
  int64_t pitchBefore(size_t s) const;
  void storeInput(const Stage& stage, int64_t channel, const T* from, T* input) const;
  void convolve(size_t s, T* kept) const;
  void activateInto(size_t s, const T* kept, T* nextInput, T* y) const;
  void pullBack(size_t s, const T* kept, const T* gradient, T* to, const StageSums<T>& sums) const;
  void addWeightSums(size_t s, const T* kept, const T* gradient, T* sums) const;
  void correlateBack(const Stage& stage, const T* gradient, bool add, T* to, int64_t pitch,
                     T* strided) const;

  const ConvPlan<T>& plan_;
  at::Tensor memory_;
  T* unitInput_;  // what a residual stage gets
  std::array<T*, 3> buffers_ = {};
};

}  // namespace fewsound::cpu
