#include "native/nn/hyper/hyper_model.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "native/nn/initializer.h"

namespace fewsound {
namespace {

std::shared_ptr<Inr> makeTarget(const HyperModelOptions& options) {
  checkOptions(options);
  TargetOptions own = options.target;
  *own.common() = static_cast<const ModelOptions&>(options);
  auto target = own.make();
  TORCH_CHECK_VALUE(target->acceptsWeights(), "target is a ", target->name(),
                    "; expected a network that takes weights: ", oneOf(own.kinds()));
  return target;
}

HyperModelOptions hyperSoundOptions() {
  HyperModelOptions options;
  NerfOptions target = TargetOptions::usualNerf();
  target.layers = {90, 90, 90, 90, 90};
  options.target = target;
  options.universal.reset();
  return options;
}

}  // namespace

template <>
const std::vector<Kind<HyperModel>>& AnyHyperModelOptions::rows() {
  static const std::vector<Kind<HyperModel>> rows{
      kindOf<HyperModel, HyperModel>("fewsound", "FewSoundOptions", HyperModelOptions{}),
      kindOf<HyperModel, HyperModel>("hypersound", "HyperSoundOptions", hyperSoundOptions()),
  };
  return rows;
}

HyperModel::HyperModel(const HyperModelOptions& options)
    : Model("HyperModel"),
      options_(options),
      target_(makeTarget(options)),
      layout_(*target_, options.sharedLayers, options.sharedEncoding) {
  const Initializer initializer(options);
  encoder_ = register_module("encoder", options.encoder.make(options.samples, initializer));
  const int64_t width = encoder_->width();
  if (options.universal) {
    universal_ = register_module("universal", std::make_shared<UniversalWeights>(
                                                  *options.universal, layout_, width, initializer));
  }
  writer_ = register_module(
      "writer", std::make_shared<WeightWriter>(universal_ ? 2 * width : width, options.hidden,
                                               layout_, *target_, initializer));
  register_module("target", target_);
  if (options.mode != WeightMode::kTarget) return;
  for (const WeightVector::Slot& slot : layout_.slots()) {
    target_->named_parameters()[slot.name].set_requires_grad(false);
  }
}

std::vector<Model::NamedTensor> HyperModel::tensors() const {
  std::vector<NamedTensor> all;
  for (const auto& item : named_parameters()) {
    const std::string name = item.key();
    const bool isWritten = std::ranges::any_of(
        layout_.slots(), [&](const auto& slot) { return name == "target." + slot.name; });
    if (!isWritten || options_.mode != WeightMode::kTarget) {
      all.push_back({name, item.value(), true});
    }
  }
  for (const auto& [name, tensor] : encoder_->fixed()) {
    all.push_back({"encoder." + name, tensor, false});
  }
  return all;
}

at::Tensor HyperModel::encode(const at::Tensor& audio, bool learning) const {
  checkAudio(audio);
  at::Tensor code = learning ? encoder_->learn(audio) : encoder_->forward(audio);
  if (!universal_) return code;
  const at::Tensor common = universal_->encode().to(code.scalar_type());
  return at::cat({code, common.expand({code.size(0), -1})}, 1);
}

std::vector<std::pair<std::string, at::Tensor>> HyperModel::features(
    const at::Tensor& audio) const {
  checkAudio(audio);
  const at::NoGradGuard noGrad;
  return encoder_->features(audio);
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

}  // namespace fewsound
