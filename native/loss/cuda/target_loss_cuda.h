#pragma once

#include "native/loss/target_loss.h"

namespace fewsound::cuda {

/// Whether the kernels are there and take these sizes; false in a build without CUDA.
bool takesTargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target);

/// The reconstruction loss against a fixed target on a CUDA device. `evaluate` waits for nothing,
/// so it can be recorded in a CUDA graph.
std::unique_ptr<TargetLoss> makeTargetLoss(const ReconstructionLossOptions& options,
                                           const at::Tensor& target);

}  // namespace fewsound::cuda
