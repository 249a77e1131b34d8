#include "native/train/adamw.h"

#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "native/train/cuda/adamw_cuda.h"
#include "native/train/update_limit.h"

namespace fewsound {
namespace {

at::Tensor asReal(const at::Tensor& tensor) {
  return tensor.is_complex() ? at::view_as_real(tensor) : tensor;
}

}  // namespace

void fields(OptionVisitor& visit, AdamWOptions& options) {
  visit({.name = "learningRate",
         .meaning = "Learning rate, the highest one where a schedule changes it.",
         .flag = Flag{.value = "<rate>", .name = "lr"}},
        options.learningRate, kPositive);
  visit({.name = "betas",
         .meaning = "Decays of AdamW's moments; one cycle brings its own first one.",
         .source = "PyTorch's AdamW",
         .flag = Flag{.value = "<b1,b2>"}},
        options.betas, kFraction, "decays");
  visit({.name = "epsilon",
         .meaning = "AdamW's epsilon.",
         .source = "PyTorch's AdamW",
         .flag = Flag{.value = "<number>"}},
        options.epsilon, kPositive);
  visit({.name = "weightDecay",
         .meaning = "AdamW's decoupled weight decay.",
         .source = "PyTorch's AdamW",
         .flag = Flag{.value = "<amount>"}},
        options.weightDecay, kNotNegative);
  visit({.name = "maxUpdate",
         .meaning = "Most that an update changes a tensor of weights by, as a part of its size; 0: "
                    "AdamW as it is."},
        options.maxUpdate, kNotNegative);
}

AdamW::AdamW(std::vector<at::Tensor> parameters, AdamWOptions options)
    : parameters_(std::move(parameters)), options_(options) {
  checkOptions(options_);
  for (const at::Tensor& parameter : parameters_) {
    TORCH_CHECK_VALUE(parameter.is_leaf() && parameter.requires_grad(),
                      "AdamW needs parameters that are leaves and require a gradient");
    TORCH_CHECK_VALUE(parameter.is_contiguous(),
                      "AdamW needs contiguous parameters; one has shape ", parameter.sizes(),
                      " and strides ", parameter.strides());
    const at::Tensor real = asReal(parameter.detach());
    firstMoments_.push_back(at::zeros_like(real));
    secondMoments_.push_back(at::zeros_like(real));
  }
}

AdamWTensors AdamW::gather() const {
  AdamWTensors update;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    const at::Tensor value = asReal(parameters_[i]);
    const at::Tensor gradient =
        asReal(parameters_[i].grad().resolve_conj().resolve_neg().contiguous());
    // The kernels go through all four side by side and look at the sizes of the first only.
    const at::IntArrayRef sizes = firstMoments_[i].sizes();
    TORCH_CHECK_VALUE(value.is_contiguous() && value.sizes() == sizes && gradient.sizes() == sizes,
                      "AdamW was made for a parameter of shape ", sizes,
                      "; it or its gradient has another now: ", value.sizes(), " with strides ",
                      value.strides(), ", and ", gradient.sizes());
    update.values.push_back(value);
    update.gradients.push_back(gradient);
    update.firstMoments.push_back(firstMoments_[i]);
    update.secondMoments.push_back(secondMoments_[i]);
  }
  return update;
}

void AdamW::update(const AdamWTensors& tensors, double learningRate, double beta1,
                   double number) const {
  const auto& [values, gradients, firstMoments, secondMoments] = tensors;
  if (values.empty()) return;
  const at::Tensor count = at::full({}, number, values.front().options().dtype(at::kFloat));
  const std::vector<at::Tensor> counts(values.size(), count);
  at::_fused_adamw_(values, gradients, firstMoments, secondMoments, /*max_exp_avg_sqs=*/{}, counts,
                    learningRate, beta1, options_.betas[1], options_.weightDecay, options_.epsilon,
                    /*amsgrad=*/false, /*maximize=*/false);
}

void AdamW::updateWithin(double most, double learningRate, double beta1) const {
  const AdamWTensors all = gather();
  if (all.values.empty()) return;
  const auto number = static_cast<double>(stepCount_);
  const std::vector<double> rates = limitedRates(all,
                                                 {.learningRate = learningRate,
                                                  .beta1 = beta1,
                                                  .beta2 = options_.betas[1],
                                                  .epsilon = options_.epsilon,
                                                  .count = number},
                                                 most);
  std::map<double, AdamWTensors> byRate;
  for (size_t i = 0; i < rates.size(); ++i) {
    AdamWTensors& own = byRate[rates[i]];
    own.values.push_back(all.values[i]);
    own.gradients.push_back(all.gradients[i]);
    own.firstMoments.push_back(all.firstMoments[i]);
    own.secondMoments.push_back(all.secondMoments[i]);
  }
  for (const auto& [rate, tensors] : byRate) update(tensors, rate, beta1, number);
}

void AdamW::step(double learningRate, double beta1) {
  const at::NoGradGuard noGrad;
  ++stepCount_;
  if (options_.maxUpdate > 0.0) return updateWithin(options_.maxUpdate, learningRate, beta1);
  update(gather(), learningRate, beta1, static_cast<double>(stepCount_));
}

void AdamW::step(const at::Tensor& rate) {
  const at::NoGradGuard noGrad;
  if (!rate.is_cuda() || !cuda::hasAdamW()) {
    const at::Tensor here = rate.cpu();
    const auto* const numbers = here.const_data_ptr<double>();
    return update(gather(), numbers[0], numbers[1], numbers[2]);
  }
  cuda::updateAdamW(gather(), rate.view({3}),
                    {.beta2 = options_.betas[1],
                     .epsilon = options_.epsilon,
                     .weightDecay = options_.weightDecay});
}

void AdamW::zeroGrad() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

}  // namespace fewsound
