#include "native/train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "native/thread_limit.h"

namespace fewsound {
namespace {

std::vector<at::Tensor> tensorsOf(const NamedTensors& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

std::vector<std::string> namesOf(const NamedTensors& named) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : named) names.push_back(name);
  return names;
}

/// The gradients there are: parameters that nothing depends on have none.
std::vector<at::Tensor> gradientsOf(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  return gradients;
}

/// The Euclidean norm of all together.
double normOf(const std::vector<at::Tensor>& gradients) {
  if (gradients.empty()) return 0.0;
  std::vector<at::Tensor> norms;
  norms.reserve(gradients.size());
  for (const at::Tensor& gradient : gradients) norms.push_back(at::linalg_vector_norm(gradient));
  return at::linalg_vector_norm(at::stack(norms)).item<double>();
}

}  // namespace

void fields(OptionVisitor& visit, TrainerOptions& options) {
  visit({.name = "optimizer", .meaning = "AdamW."}, options.optimizer);
  visit({.name = "maxGradientNorm",
         .meaning = "Gradients are scaled down to this norm; 0: they are not."},
        options.maxGradientNorm, kNotNegative);
  visit({.name = "threads", .meaning = "Threads of the CPU; 0: LibTorch's choice."},
        options.threads, Whole{0, 1024});
}

NamedTensors learnableOf(const Model& model) {
  NamedTensors learnable;
  for (const auto& [name, tensor, learns] : model.tensors()) {
    if (learns) learnable.emplace_back(name, tensor);
  }
  return learnable;
}

Evaluation Objective::evaluate(const Batch&) {
  TORCH_CHECK_VALUE(false, "this training has nothing to evaluate on recordings of its own");
}

void Objective::setLoss(const ReconstructionLossOptions&) {
  TORCH_CHECK_VALUE(false, "the loss of this training cannot be changed");
}

Trainer::Trainer(std::shared_ptr<Objective> objective, const TrainerOptions& options)
    : objective_(std::move(objective)),
      maxGradientNorm_(options.maxGradientNorm),
      threads_(options.threads),
      names_(namesOf(objective_->parameters())),
      optimizer_(tensorsOf(objective_->parameters()), options.optimizer) {
  checkOptions(options);
}

double Trainer::computeGradients(const Batch& batch) {
  optimizer_.zeroGrad();
  return objective_->accumulate(batch);
}

TrainingStep Trainer::step(const Batch& batch, const ScheduledRate& rate, ProcessGroup* group) {
  const ThreadLimit limit(threads_);
  const at::NoGradGuard noGrad;
  const std::vector<at::Tensor> statistics = objective_->statistics();
  std::vector<at::Tensor> statisticsBefore;
  statisticsBefore.reserve(statistics.size());
  for (const at::Tensor& own : statistics) statisticsBefore.push_back(own.clone());
  const double loss = computeGradients(batch);
  std::vector<at::Tensor> gradients = gradientsOf(optimizer_.parameters());
  // All processes must come to the same decision: a loss that is not finite shows in the gradients.
  if (!std::isfinite(loss) && !gradients.empty()) gradients.front().fill_(std::nan(""));
  if (group != nullptr) {
    std::vector<at::Tensor> averaged = gradients;
    averaged.insert(averaged.end(), statistics.begin(), statistics.end());
    group->allReduceMean(averaged);
  }
  const double norm = normOf(gradients);
  if (std::isfinite(norm)) {
    if (maxGradientNorm_ > 0.0 && norm > maxGradientNorm_) {
      for (at::Tensor& gradient : gradients) gradient.mul_(maxGradientNorm_ / norm);
    }
    optimizer_.step(rate.learningRate, rate.beta1);
  } else {
    for (size_t i = 0; i < statistics.size(); ++i) statistics[i].copy_(statisticsBefore[i]);
  }
  optimizer_.zeroGrad();
  return {.loss = loss, .gradientNorm = norm};
}

Evaluation Trainer::evaluate(const Batch& batch) {
  const ThreadLimit limit(threads_);
  const at::NoGradGuard noGrad;
  return objective_->evaluate(batch);
}

NamedTensors Trainer::state() const {
  NamedTensors state;
  const auto onCpu = [](const at::Tensor& tensor) { return tensor.detach().cpu(); };
  for (size_t i = 0; i < names_.size(); ++i) {
    state.emplace_back("firstMoment." + names_[i], onCpu(optimizer_.firstMoments()[i]));
    state.emplace_back("secondMoment." + names_[i], onCpu(optimizer_.secondMoments()[i]));
  }
  return state;
}

void Trainer::loadState(const NamedTensors& state) {
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  const auto plan = [&](const std::string& name, const at::Tensor& own) {
    copies.emplace_back(own, stateEntry(state, name, own.sizes(), own.scalar_type()));
  };
  for (size_t i = 0; i < names_.size(); ++i) {
    plan("firstMoment." + names_[i], optimizer_.firstMoments()[i]);
    plan("secondMoment." + names_[i], optimizer_.secondMoments()[i]);
  }
  for (const auto& [to, from] : copies) to.copy_(from);
}

at::Tensor stateEntry(const NamedTensors& state, const std::string& name, at::IntArrayRef shape,
                      at::ScalarType dtype) {
  const auto found = std::find_if(state.begin(), state.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  TORCH_CHECK_VALUE(found != state.end(), "the training state lacks \"", name, "\"");
  const at::Tensor& value = found->second;
  TORCH_CHECK_VALUE(value.sizes() == shape && value.scalar_type() == dtype,
                    "the training state's \"", name, "\" is ", value.scalar_type(), " ",
                    value.sizes(), "; expected ", dtype, " ", shape);
  return value;
}

}  // namespace fewsound
