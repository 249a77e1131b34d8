#pragma once

#include "native/loss/target_loss.h"

namespace fewsound::cpu {

/// The reconstruction loss against a fixed target on the CPU.
std::unique_ptr<TargetLoss> makeTargetLoss(const ReconstructionLossOptions& options,
                                           const at::Tensor& target);

}  // namespace fewsound::cpu
