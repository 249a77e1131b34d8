#include "native/train/hyper_trainer.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <cmath>
#include <utility>

#include "native/metrics/constant_output.h"
#include "native/nn/option_checks.h"
#include "native/train/gradients.h"
#include "native/train/thread_limit.h"

namespace fewsound {
namespace {

/// bfloat16 where autocast has it, for this thread, until the end of the scope.
class Autocast {
 public:
  Autocast(Precision precision, at::DeviceType device)
      : device_(device), active_(precision == Precision::kBfloat16) {
    if (!active_) return;
    enabledBefore_ = at::autocast::is_autocast_enabled(device_);
    dtypeBefore_ = at::autocast::get_autocast_dtype(device_);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  ~Autocast() {
    if (!active_) return;
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabledBefore_);
    at::autocast::set_autocast_dtype(device_, dtypeBefore_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool active_;
  bool enabledBefore_ = false;
  at::ScalarType dtypeBefore_ = at::kFloat;
};

}  // namespace

HyperTrainer::HyperTrainer(std::shared_ptr<HyperModel> model, HyperTrainerOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      optimizer_(model_->learnable(), options_.optimizer) {
  checkNotNegative("maxGradientNorm", options_.maxGradientNorm);
  checkRange("threads", options_.threads, 0, 1024);
  checkOptions(options_.loss);
  const at::NoGradGuard noGrad;
  t_ = timeAxis(model_->options().samples, optimizer_.parameters().front().options());
  if (model_->target().encodingIsFixed()) features_ = model_->target().encode(t_).contiguous();
}

at::Tensor HyperTrainer::moved(const at::Tensor& batch) const {
  return batch.detach().to(t_.device(), t_.scalar_type());
}

at::Tensor HyperTrainer::reconstruct(const at::Tensor& audio, double factor) const {
  at::Tensor vectors;
  {
    const Autocast autocast(options_.precision, t_.device().type());
    vectors = model_->write(model_->encode(audio), factor);
  }
  const WeightMap weights = model_->weights(vectors.to(t_.scalar_type()));
  Inr& target = model_->target();
  const at::Tensor features = features_.defined() ? features_ : target.encode(t_, weights);
  return target.decode(features, &weights).squeeze(-1);
}

TargetLoss& HyperTrainer::lossAgainst(const at::Tensor& audio) {
  // Kept from pass to pass: only a last, smaller batch makes another.
  if (loss_ && loss_->gradient().sizes() == audio.sizes()) {
    loss_->setTarget(audio);
  } else {
    loss_ = TargetLoss::make(options_.loss, audio);
  }
  return *loss_;
}

double HyperTrainer::accumulate(const at::Tensor& batch, double factor, double share) {
  const at::AutoGradMode gradients(true);
  const at::Tensor audio = moved(batch);
  const at::Tensor estimates = reconstruct(audio, factor);
  TargetLoss& loss = lossAgainst(audio);
  loss.evaluate(estimates);
  estimates.backward(loss.gradient() * (share / static_cast<double>(audio.size(0))));
  return loss.losses().sum().item<double>();
}

HyperStep HyperTrainer::step(const std::vector<at::Tensor>& batches, double factor,
                             double learningRate, double beta1, ProcessGroup* group) {
  const ThreadLimit limit(options_.threads);
  const at::NoGradGuard noGrad;
  int64_t recordings = 0;
  for (const at::Tensor& batch : batches) {
    model_->checkAudio(batch);
    recordings += batch.size(0);
  }
  TORCH_CHECK_VALUE(recordings > 0, "a step has no recordings; expected at least one");
  const auto all = static_cast<double>(recordings);
  optimizer_.zeroGrad();
  double loss = 0.0;
  for (const at::Tensor& batch : batches) {
    loss += accumulate(batch, factor, static_cast<double>(batch.size(0)) / all) / all;
  }

  std::vector<at::Tensor> gradients = gradientsOf(optimizer_.parameters());
  // All processes must come to the same decision, so a loss that is none shows in the gradients.
  if (!std::isfinite(loss)) gradients.front().fill_(std::nan(""));
  if (group != nullptr) group->allReduceMean(gradients);
  const double norm = normOf(gradients);
  if (std::isfinite(norm)) {
    clipGradients(gradients, norm, options_.maxGradientNorm);
    optimizer_.step(learningRate, beta1);
  }
  optimizer_.zeroGrad();
  return {.loss = loss, .gradientNorm = norm};
}

HyperEvaluation HyperTrainer::evaluate(const at::Tensor& batch, double factor) {
  const ThreadLimit limit(options_.threads);
  const at::NoGradGuard noGrad;
  const at::Tensor audio = moved(batch);
  const at::Tensor estimates = reconstruct(audio, factor);
  TargetLoss& loss = lossAgainst(audio);
  loss.evaluate(estimates);
  return {.estimates = estimates.to(at::kCPU),
          .losses = loss.losses().cpu().clone(),
          .constant = constantOutputs(estimates, audio)};
}

void HyperTrainer::setLoss(const ReconstructionLossOptions& loss) {
  checkOptions(loss);
  options_.loss = loss;
  loss_.reset();
}

}  // namespace fewsound
