#include "native/train/hyper_objective.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <array>
#include <utility>

#include "native/metrics/constant_output.h"

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

constexpr std::array kPrecisions{"float32", "bfloat16"};

}  // namespace

void fields(OptionVisitor& visit, HyperObjectiveOptions& options) {
  visit({.name = "loss", .meaning = "The reconstruction loss."}, options.loss);
  visit(
      {.name = "precision",
       .meaning = "What the encoder and the hypernetwork compute in; the splines and the loss stay "
                  "in float32."},
      options.precision, Choice{kPrecisions});
}

HyperObjective::HyperObjective(std::shared_ptr<HyperModel> model, HyperObjectiveOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  checkOptions(options_.loss);
  const at::NoGradGuard noGrad;
  t_ = timeAxis(model_->options().samples, model_->learnable().front().options());
  if (model_->target().encodingIsFixed()) features_ = model_->target().encode(t_).contiguous();
}

at::Tensor HyperObjective::moved(const at::Tensor& part) const {
  return part.detach().to(t_.device(), t_.scalar_type());
}

at::Tensor HyperObjective::reconstruct(const at::Tensor& audio, double factor,
                                       bool learning) const {
  at::Tensor vectors;
  {
    const Autocast autocast(options_.precision, t_.device().type());
    vectors = model_->write(model_->encode(audio, learning), factor);
  }
  const WeightMap weights = model_->weights(vectors.to(t_.scalar_type()));
  Inr& target = model_->target();
  const at::Tensor features = features_.defined() ? features_ : target.encode(t_, weights);
  return target.decode(features, &weights).squeeze(-1);
}

TargetLoss& HyperObjective::lossAgainst(const at::Tensor& audio) {
  // Kept from pass to pass: only a last, smaller batch makes another.
  if (loss_ && loss_->gradient().sizes() == audio.sizes()) {
    loss_->setTarget(audio);
  } else {
    loss_ = TargetLoss::make(options_.loss, audio);
  }
  return *loss_;
}

double HyperObjective::accumulate(const at::Tensor& part, double factor, double share) {
  const at::AutoGradMode gradients(true);
  const at::Tensor audio = moved(part);
  const at::Tensor estimates = reconstruct(audio, factor, true);
  TargetLoss& loss = lossAgainst(audio);
  loss.evaluate(estimates);
  estimates.backward(loss.gradient() * (share / static_cast<double>(audio.size(0))));
  return loss.losses().sum().item<double>();
}

double HyperObjective::accumulate(const Batch& batch) {
  int64_t recordings = 0;
  for (const at::Tensor& part : batch.audio) {
    model_->checkAudio(part);
    recordings += part.size(0);
  }
  TORCH_CHECK_VALUE(recordings > 0, "a step has no recordings; expected at least one");
  const auto all = static_cast<double>(recordings);
  double loss = 0.0;
  for (const at::Tensor& part : batch.audio) {
    loss += accumulate(part, batch.factor, static_cast<double>(part.size(0)) / all) / all;
  }
  return loss;
}

Evaluation HyperObjective::evaluate(const Batch& batch) {
  TORCH_CHECK_VALUE(batch.audio.size() == 1, "there are ", batch.audio.size(),
                    " parts of recordings; expected one");
  const at::Tensor audio = moved(batch.audio.front());
  const at::Tensor estimates = reconstruct(audio, batch.factor, false);
  TargetLoss& loss = lossAgainst(audio);
  loss.evaluate(estimates);
  return {.outputs = estimates.to(at::kCPU),
          .losses = loss.losses().cpu().clone(),
          .constant = constantOutputs(estimates, audio)};
}

void HyperObjective::setLoss(const ReconstructionLossOptions& loss) {
  checkOptions(loss);
  options_.loss = loss;
  loss_.reset();
}

}  // namespace fewsound
