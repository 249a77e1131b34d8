#include "native/nn/hyper/hyper_model.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "native/nn/make_inr.h"
#include "native/nn/option_checks.h"

namespace fewsound {
namespace {

constexpr int64_t kMostSamples = 16'777'216;

std::shared_ptr<Inr> makeTarget(const HyperModelOptions& options) {
  checkRange("samples", options.samples, 2, kMostSamples);
  auto target = makeInr(options.target);
  TORCH_CHECK_VALUE(target->acceptsWeights(), target->name(),
                    " works with its own parameters only; a hypernetwork's target is KAN, NeRF or "
                    "SIREN");
  return target;
}

}  // namespace

HyperModel::HyperModel(const HyperModelOptions& options)
    : options_(options),
      target_(makeTarget(options)),
      layout_(*target_, options.sharedLayers, options.sharedEncoding) {
  const Initializer initializer(options);
  encoder_ = std::make_shared<SoundStreamEncoder>(options.encoder, options.samples, initializer);
  const int64_t width = encoder_->width(options.samples);
  if (options.hasUniversal) {
    universal_ = std::make_shared<UniversalWeights>(options.universal, layout_, width, initializer);
  }
  writer_ = std::make_shared<WeightWriter>(options.hasUniversal ? 2 * width : width, options.hidden,
                                           layout_, options.target, initializer);

  const auto add = [&](const std::string& prefix, const torch::nn::Module& module) {
    for (const auto& item : module.named_parameters()) {
      parameters_.emplace_back(prefix + item.key(), item.value());
    }
  };
  add("encoder.", *encoder_);
  if (universal_) add("universal.", *universal_);
  add("writer.", *writer_);
  // Of the target's own only what computes: none of it where it is written for each recording.
  const auto& shared = layout_.shared();
  for (const auto& item : target_->named_parameters()) {
    const bool isShared = std::ranges::find(shared, item.key()) != shared.end();
    if (isShared || options.mode != WeightMode::kTarget) {
      parameters_.emplace_back("target." + item.key(), item.value());
    } else {
      at::Tensor(item.value()).set_requires_grad(false);
    }
  }
}

at::Tensor HyperModel::encode(const at::Tensor& audio) const {
  checkAudio(audio);
  at::Tensor code = encoder_->forward(audio);
  if (!universal_) return code;
  const at::Tensor common = universal_->encode().to(code.scalar_type());
  return at::cat({code, common.expand({code.size(0), -1})}, 1);
}

at::Tensor HyperModel::write(const at::Tensor& codes, double factor) const {
  at::Tensor update = writer_->forward(codes);
  if (!universal_) return update;
  return universal_->weights() + factor * update.to(universal_->weights().scalar_type());
}

WeightMap HyperModel::weights(const at::Tensor& vectors) const {
  WeightMap weights = layout_.split(vectors);
  const auto own = target_->named_parameters();
  if (options_.mode != WeightMode::kTarget) {
    for (auto& [name, value] : weights) {
      value = options_.mode == WeightMode::kResidual ? own[name] + value : own[name] * value;
    }
  }
  for (const std::string& name : layout_.shared()) {
    const at::Tensor& value = own[name];
    std::vector<int64_t> shape{vectors.size(0)};
    shape.insert(shape.end(), value.sizes().begin(), value.sizes().end());
    weights.emplace(name, value.unsqueeze(0).expand(shape));
  }
  return weights;
}

at::Tensor HyperModel::forward(const at::Tensor& audio, const at::Tensor& t, double factor) const {
  const at::Tensor vectors = write(encode(audio), factor).to(t.scalar_type());
  return target_->forward(t, weights(vectors)).squeeze(-1);
}

void HyperModel::checkAudio(const at::Tensor& audio) const {
  TORCH_CHECK_VALUE(audio.dim() == 2 && audio.size(1) == options_.samples && audio.size(0) > 0,
                    "the recordings have shape ", audio.sizes(), "; expected [batch, ",
                    options_.samples, "]");
  const at::ScalarType own = parameters_.front().second.scalar_type();
  TORCH_CHECK_TYPE(audio.scalar_type() == own, "the recordings are ", audio.scalar_type(),
                   " but the model is ", own);
}

void HyperModel::moveTo(at::Device device, at::ScalarType dtype) {
  TORCH_CHECK_TYPE(dtype == at::kFloat || dtype == at::kDouble,
                   "a model is float32 or float64, not ", dtype);
  const at::NoGradGuard noGrad;
  target_->moveTo(device, dtype);
  for (const auto& [name, value] : parameters_) {
    at::Tensor tensor = value;
    tensor.set_data(tensor.to(device, dtype));
    tensor.mutable_grad().reset();
  }
}

}  // namespace fewsound
