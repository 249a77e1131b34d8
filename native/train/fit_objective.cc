#include "native/train/fit_objective.h"

#include <ATen/ATen.h>

#include <utility>

namespace fewsound {
namespace {

at::Tensor asTargets(const at::Tensor& targets, const InrBatch& networks) {
  TORCH_CHECK_VALUE(targets.dim() == 2, "the targets have shape ", targets.sizes(),
                    "; expected [clips, samples]");
  TORCH_CHECK_VALUE(targets.size(0) == networks.size(), "there are ", networks.size(),
                    " networks for ", targets.size(0), " clips; expected one for each");
  TORCH_CHECK_VALUE(targets.size(1) >= 2, "the target has ", targets.size(1),
                    " samples; expected at least 2");
  TORCH_CHECK_VALUE(at::isfinite(targets).all().item<bool>(),
                    "the target holds NaN or infinite samples");
  const at::Tensor& like = networks.parameters().front();
  const at::ScalarType dtype = c10::toRealValueType(like.scalar_type());
  return targets.detach().to(like.device(), dtype).contiguous();
}

at::Tensor within(const at::Tensor& amplitudes, const at::Tensor& envelopes) {
  return envelopes.defined() ? amplitudes * envelopes : amplitudes;
}

}  // namespace

FitObjective::FitObjective(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
                           const ReconstructionLossOptions& loss)
    : networks_(std::move(networks)), options_(loss), targets_(asTargets(targets, networks_)) {
  const at::NoGradGuard noGrad;
  const at::Tensor t = timeAxis(targets_.size(1), targets_.options());
  envelopes_ = networks_.envelopes(t);
  learned_ = envelopes_.defined() ? targets_ / envelopes_ : targets_;
  loss_ = TargetLoss::make(loss, learned_);
  losses_ = loss_->losses();
  features_ = networks_.encodingIsFixed() ? networks_.encode(t).contiguous() : t;
}

NamedTensors FitObjective::parameters() const {
  NamedTensors parameters;
  for (size_t i = 0; i < networks_.names().size(); ++i) {
    parameters.emplace_back(networks_.names()[i], networks_.parameters()[i]);
  }
  return parameters;
}

void FitObjective::setPart(double part) {
  part_ = part;
  loss_->setPart(part);
}

void FitObjective::setEstimates(const at::Tensor& estimates) {
  estimates_ = estimates.defined() ? at::empty_like(targets_).copy_(estimates) : at::Tensor();
}

at::Tensor FitObjective::decoded(const at::Tensor& features) {
  return networks_.decode(networks_.encodingIsFixed() ? features : networks_.encode(features));
}

void FitObjective::accumulate() {
  const at::AutoGradMode gradients(true);
  const at::Tensor estimates = decoded(features_);
  loss_->evaluate(estimates);
  estimates.backward(loss_->gradient());
  losses_ = loss_->losses();
  estimates_ = within(estimates.detach(), envelopes_);
}

void FitObjective::accumulate(const SampleBlocks& blocks, int64_t step) {
  if (!estimates_.defined()) {
    const at::NoGradGuard noGrad;
    estimates_ = within(decoded(features_), envelopes_);
  }
  const at::Tensor positions = blocks.positions(step).to(targets_.device());
  const std::vector<int64_t> asBlocks{clips() * blocks.perStep(), blocks.length()};
  const at::Tensor targets = learned_.index_select(1, positions).view(asBlocks);
  if (blockLoss_) {
    blockLoss_->setTarget(targets);
  } else {
    blockLoss_ = TargetLoss::make(options_, targets);
  }
  blockLoss_->setPart(part_);
  const at::AutoGradMode gradients(true);
  const at::Tensor estimates = decoded(features_.index_select(-2, positions));
  blockLoss_->evaluate(estimates.detach().view(asBlocks));
  // Of a clip, the mean over its blocks.
  estimates.backward(blockLoss_->gradient().view(estimates.sizes()) /
                     static_cast<double>(blocks.perStep()));
  losses_ = blockLoss_->losses().view({clips(), blocks.perStep()}).mean(1);
  const at::Tensor factors =
      envelopes_.defined() ? envelopes_.index_select(1, positions) : at::Tensor();
  estimates_.index_copy_(1, positions, within(estimates.detach(), factors));
}

double FitObjective::accumulate(const Batch&) {
  accumulate();
  return losses().mean().item<double>();
}

}  // namespace fewsound
