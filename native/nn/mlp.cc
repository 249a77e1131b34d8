#include "native/nn/mlp.h"

#include <ATen/ATen.h>

#include <optional>

namespace fewsound {
namespace {

void convert(torch::nn::Module& module, std::optional<at::Device> device, at::ScalarType dtype,
             bool nonBlocking) {
  const auto convertOne = [&](at::Tensor& tensor) {
    const at::ScalarType target = tensor.is_complex() ? c10::toComplexType(dtype) : dtype;
    tensor.set_data(tensor.to(device.value_or(tensor.device()), target, nonBlocking));
  };
  for (auto& parameter : module.named_parameters(/*recurse=*/false)) convertOne(parameter.value());
  for (auto& buffer : module.named_buffers(/*recurse=*/false)) convertOne(buffer.value());
}

}  // namespace

Mlp::Mlp(std::string name, const InrOptions& options, const MlpForm& form)
    : Inr(std::move(name), options),
      form_(form),
      stack_(register_module("layers", std::make_shared<torch::nn::Module>("layers"))) {}

void Mlp::addLayer(const at::Tensor& weight, const at::Tensor& bias) {
  auto layer = stack_->register_module(std::to_string(layers_.size()), std::make_shared<Layer>());
  layer->weight = layer->register_parameter("weight", weight);
  layer->bias = layer->register_parameter("bias", bias);
  layers_.push_back(std::move(layer));
}

void Mlp::addLayer(const at::Tensor& weight, const at::Tensor& bias, double omega,
                   bool learnableOmega) {
  addLayer(weight, bias);
  Layer& layer = *layers_.back();
  const at::Tensor value = at::full({1}, omega, c10::toRealValueType(weight.scalar_type()));
  layer.omega = learnableOmega ? layer.register_parameter("omega", value)
                               : layer.register_buffer("omega", value);
}

DenseLayer Mlp::denseLayer(size_t i, const WeightMap* weights) const {
  const Layer& own = *layers_[i];
  if (weights == nullptr) return {.weight = own.weight, .bias = own.bias, .omega = own.omega};
  const std::string prefix = "layers." + std::to_string(i);
  const auto omega = weights->find(prefix + ".omega");
  return {.weight = weights->at(prefix + ".weight"),
          .bias = weights->at(prefix + ".bias"),
          .omega = omega == weights->end() ? own.omega : omega->second.unsqueeze(-1)};
}

at::Tensor Mlp::decode(const at::Tensor& features, const WeightMap* weights) {
  std::vector<DenseLayer> layers;
  layers.reserve(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) layers.push_back(denseLayer(i, weights));
  return mlpStack(features, layers, form_);
}

void Mlp::Layer::to(torch::Dtype dtype, bool nonBlocking) {
  convert(*this, std::nullopt, dtype, nonBlocking);
}

void Mlp::Layer::to(torch::Device device, torch::Dtype dtype, bool nonBlocking) {
  convert(*this, device, dtype, nonBlocking);
}

}  // namespace fewsound
