#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

namespace fewsound {

/// The parameters `weight` and `bias` of one layer.
struct WeightAndBias : torch::nn::Module {
  WeightAndBias(const at::Tensor& weights, const at::Tensor& biases)
      : torch::nn::Module("WeightAndBias"),
        weight(register_parameter("weight", weights)),
        bias(register_parameter("bias", biases)) {}

  at::Tensor weight;
  at::Tensor bias;
};

}  // namespace fewsound
