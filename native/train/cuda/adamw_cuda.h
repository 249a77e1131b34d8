#pragma once

#include <ATen/core/Tensor.h>

#include "native/train/adamw_tensors.h"

namespace fewsound::cuda {

/// The constants of an update.
struct AdamWConstants {
  double beta2;
  double epsilon;
  double weightDecay;
};

using fewsound::AdamWTensors;

/// Whether this build has the kernel.
bool hasAdamW();

/// One AdamW update of everything in one launch: tensors of one floating dtype (float32 or float64)
/// on one CUDA device. `rate` [3], float64 on the same device, holds the
/// learning rate, beta1 and the number of this step, counted from 1: what changes from step to step
/// is read there, so the launch can be recorded once and replayed.
void updateAdamW(const AdamWTensors& tensors, const at::Tensor& rate,
                 const AdamWConstants& constants);

}  // namespace fewsound::cuda
