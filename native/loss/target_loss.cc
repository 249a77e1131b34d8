#include "native/loss/target_loss.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "native/loss/cpu/target_loss_cpu.h"
#include "native/loss/cuda/target_loss_cuda.h"

namespace fewsound {

TargetLoss::TargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target)
    : options_(options),
      weights_(options.weights()),
      target_(target.detach().contiguous()),
      losses_(at::empty({target.size(0)}, target_.options().dtype(at::kDouble))),
      gradient_(at::empty_like(target_)) {}

void TargetLoss::requireLikeTarget(const at::Tensor& signal, const char* what) const {
  TORCH_CHECK_VALUE(signal.sizes() == target_.sizes(), what, " has shape ", signal.sizes(),
                    " but the target ", target_.sizes());
  TORCH_CHECK_TYPE(signal.options().type_equal(target_.options()), what, " is ", signal.toString(),
                   " and the target ", target_.toString(), "; expected the same dtype and device");
}

void TargetLoss::setTarget(const at::Tensor& target) {
  requireLikeTarget(target, "the new target");
  const at::NoGradGuard noGrad;
  target_ = target.detach().contiguous();
  prepareTarget();
}

void TargetLoss::setPart(double part) {
  if (options_.course.empty()) return;
  const LossWeights weights = weightsAt(options_, options_.course, part);
  if (weights == weights_) return;
  const at::NoGradGuard noGrad;
  weights_ = weights;
  changeWeights();
}

void TargetLoss::evaluate(const at::Tensor& estimate) {
  requireLikeTarget(estimate, "the estimate");
  const at::NoGradGuard noGrad;
  compute(estimate.detach().contiguous());
}

bool TargetLoss::isFused(const ReconstructionLossOptions& options, const at::Tensor& target) {
  return target.is_cpu() || (target.is_cuda() && cuda::takesTargetLoss(options, target));
}

std::unique_ptr<TargetLoss> TargetLoss::make(const ReconstructionLossOptions& options,
                                             const at::Tensor& target) {
  if (!isFused(options, target)) return makeReference(options, target);
  return target.is_cpu() ? cpu::makeTargetLoss(options, target)
                         : cuda::makeTargetLoss(options, target);
}

}  // namespace fewsound
