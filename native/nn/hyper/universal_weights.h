#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/nn/hyper/hyper_options.h"
#include "native/nn/hyper/weight_and_bias.h"
#include "native/nn/hyper/weight_vector.h"
#include "native/nn/initializer.h"

namespace fewsound {

/// The universal weights theta, one vector that every recording starts from, and their encoder G:
/// convolutions over the vector with ELU, then a linear layer to the width of a recording's code.
class UniversalWeights : public torch::nn::Module {
 public:
  UniversalWeights(const UniversalOptions& options, const WeightVector& layout, int64_t width,
                   const Initializer& initializer);

  /// theta, [1, numbers]
  const at::Tensor& weights() const { return theta_; }
  /// G(theta), [1, width]
  at::Tensor encode() const;

 private:
  at::Tensor theta_;
  std::vector<std::shared_ptr<WeightAndBias>> convolutions_;
  std::shared_ptr<WeightAndBias> linear_;
};

}  // namespace fewsound
