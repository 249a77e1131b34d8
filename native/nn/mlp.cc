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

Mlp::Mlp(std::string name)
    : Inr(std::move(name)),
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

at::Tensor Mlp::omegaOf(const Layer& layer, const std::string& prefix, const WeightMap* weights) {
  if (weights == nullptr) return layer.omega;
  const auto given = weights->find(prefix + ".omega");
  return given == weights->end() ? layer.omega : given->second.unsqueeze(-1);
}

LinearWeights Mlp::weightsOf(const Layer& layer, const std::string& prefix,
                             const WeightMap* weights) {
  if (weights == nullptr) return {.weight = layer.weight, .bias = layer.bias};
  return {.weight = weights->at(prefix + ".weight"), .bias = weights->at(prefix + ".bias")};
}

at::Tensor Mlp::decode(const at::Tensor& features, const WeightMap* weights) {
  std::vector<LinearWeights> used;
  used.reserve(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    used.push_back(weightsOf(*layers_[i], "layers." + std::to_string(i), weights));
  }
  if (isReluStack()) return reluStack(features, used);
  at::Tensor x = features;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = *layers_[i];
    const at::Tensor omega = omegaOf(layer, "layers." + std::to_string(i), weights);
    x = linearLayer(scaleInput(x, omega), used[i]);
    if (i + 1 < layers_.size()) x = activate(x, layer);
  }
  return x;
}

at::Tensor Mlp::activate(const at::Tensor& x, const Layer& /*layer*/) const { return at::relu(x); }

at::Tensor Mlp::scaleInput(const at::Tensor& x, const at::Tensor& /*omega*/) const { return x; }

void Mlp::Layer::to(torch::Dtype dtype, bool nonBlocking) {
  convert(*this, std::nullopt, dtype, nonBlocking);
}

void Mlp::Layer::to(torch::Device device, torch::Dtype dtype, bool nonBlocking) {
  convert(*this, device, dtype, nonBlocking);
}

}  // namespace fewsound
