#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "native/options/fields.h"
#include "native/train/adamw_tensors.h"

namespace fewsound {

struct AdamWOptions {
  double learningRate = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double epsilon = 1e-8;
  double weightDecay = 0.01;
  /// Most that `step(learningRate, beta1)` changes a parameter by, a part of its size: see
  /// limitedRates. 0: whatever AdamW makes of it.
  double maxUpdate = 0.0;
};

void fields(OptionVisitor& visit, AdamWOptions& options);

/// AdamW with decoupled weight decay (Loshchilov & Hutter 2019). Complex parameters are treated as
/// pairs of reals, as in PyTorch.
class AdamW {
 public:
  AdamW(std::vector<at::Tensor> parameters, AdamWOptions options);

  /// One update at the given rate and first moment decay; parameters without a gradient are left
  /// alone.
  void step(double learningRate, double beta1);
  void step() { step(options_.learningRate, options_.betas[0]); }
  /// The same with the rate in a tensor of the parameters' device, float64 [1, 3]: learning rate,
  /// beta1, and the number of this update, counted from 1. On CUDA nothing waits for the device,
  /// so the update can be recorded; `stepCount` stays as it is.
  void step(const at::Tensor& rate);
  void zeroGrad();

  int64_t stepCount() const { return stepCount_; }
  void setStepCount(int64_t count) { stepCount_ = count; }
  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  /// First and second moments, in the order of the parameters; those of a complex parameter are
  /// real, with the parts on a last axis of 2. Write into them to restore a state.
  const std::vector<at::Tensor>& firstMoments() const { return firstMoments_; }
  const std::vector<at::Tensor>& secondMoments() const { return secondMoments_; }

 private:
  AdamWTensors gather() const;
  void update(const AdamWTensors& tensors, double learningRate, double beta1, double number) const;
  void updateWithin(double most, double learningRate, double beta1) const;

  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> firstMoments_;
  std::vector<at::Tensor> secondMoments_;
  AdamWOptions options_;
  int64_t stepCount_ = 0;
};

}  // namespace fewsound
