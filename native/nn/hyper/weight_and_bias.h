#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cmath>
#include <cstdint>

namespace fewsound {

/// PyTorch's layers start from weights and biases U(-bound, bound), by the inputs of an output.
inline double usualBound(int64_t inputs) { return 1.0 / std::sqrt(static_cast<double>(inputs)); }

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
