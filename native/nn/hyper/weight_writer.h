#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/nn/hyper/weight_and_bias.h"
#include "native/nn/hyper/weight_vector.h"
#include "native/nn/initializer.h"

namespace fewsound {

/// The hypernetwork H: linear layers with ELU between them, the last one linear, from a code to the
/// vector of the target's weights. Parameters `layers.i.weight` [out, in] and `layers.i.bias`.
class WeightWriter : public torch::nn::Module {
 public:
  WeightWriter(int64_t codeWidth, const std::vector<int64_t>& hidden, const WeightVector& layout,
               const Inr& target, const Initializer& initializer);

  /// [batch, codeWidth] -> [batch, numbers]
  at::Tensor forward(const at::Tensor& code) const;

 private:
  std::vector<std::shared_ptr<WeightAndBias>> layers_;
};

}  // namespace fewsound
