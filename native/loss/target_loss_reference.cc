#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "native/loss/target_loss.h"

namespace fewsound {
namespace {

class ReferenceTargetLoss : public TargetLoss {
 public:
  ReferenceTargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target)
      : TargetLoss(options, target), loss_(options) {
    compute(target_);  // shows now what would be wrong with it in the first step
  }

 private:
  void prepareTarget() override {}
  void changeWeights() override { loss_.setWeights(weights_); }

  void compute(const at::Tensor& estimate) override {
    const at::AutoGradMode gradients(true);
    for (int64_t clip = 0; clip < target_.size(0); ++clip) {
      const at::Tensor leaf = estimate[clip].detach().requires_grad_();
      const at::Tensor loss = loss_(leaf, target_[clip]);
      const at::Tensor gradient = torch::autograd::grad({loss}, {leaf}).front();
      losses_[clip].copy_(loss.detach());
      gradient_[clip].copy_(gradient);
    }
  }

  ReconstructionLoss loss_;
};

}  // namespace

std::unique_ptr<TargetLoss> TargetLoss::makeReference(const ReconstructionLossOptions& options,
                                                      const at::Tensor& target) {
  return std::make_unique<ReferenceTargetLoss>(options, target);
}

}  // namespace fewsound
