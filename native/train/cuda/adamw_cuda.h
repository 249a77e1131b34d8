#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fewsound::cuda {

/// The constants of an update.
struct AdamWConstants {
  double beta2;
  double epsilon;
  double weightDecay;
};

/// What an update works on: real, contiguous tensors of one floating dtype (float32 or float64) on
/// one CUDA device, in one order.
struct AdamWTensors {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> firstMoments;
  std::vector<at::Tensor> secondMoments;
};

/// Whether this build has the kernel.
bool hasAdamW();

/// One AdamW update of everything in one launch. `rate` [3], float64 on the same device, holds the
/// learning rate, beta1 and the number of this step, counted from 1: what changes from step to step
/// is read there, so the launch can be recorded once and replayed.
void updateAdamW(const AdamWTensors& tensors, const at::Tensor& rate,
                 const AdamWConstants& constants);

}  // namespace fewsound::cuda
