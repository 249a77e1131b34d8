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

}  // namespace

FitObjective::FitObjective(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
                           const ReconstructionLossOptions& loss)
    : networks_(std::move(networks)),
      targets_(asTargets(targets, networks_)),
      loss_(TargetLoss::make(loss, targets_)) {
  const at::NoGradGuard noGrad;
  const at::Tensor t = timeAxis(targets_.size(1), targets_.options());
  features_ = networks_.encodingIsFixed() ? networks_.encode(t).contiguous() : t;
}

NamedTensors FitObjective::parameters() const {
  NamedTensors parameters;
  for (size_t i = 0; i < networks_.names().size(); ++i) {
    parameters.emplace_back(networks_.names()[i], networks_.parameters()[i]);
  }
  return parameters;
}

void FitObjective::accumulate() {
  const at::AutoGradMode gradients(true);
  const at::Tensor encoded = networks_.encodingIsFixed() ? features_ : networks_.encode(features_);
  const at::Tensor estimates = networks_.decode(encoded);
  loss_->evaluate(estimates);
  estimates.backward(loss_->gradient());
  estimates_ = estimates.detach();
}

double FitObjective::accumulate(const Batch&) {
  accumulate();
  return losses().mean().item<double>();
}

}  // namespace fewsound
