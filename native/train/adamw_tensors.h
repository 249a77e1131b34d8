#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fewsound {

/// What an update of AdamW works on: real, contiguous tensors in one order, those of parameters
/// that have a gradient.
struct AdamWTensors {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> firstMoments;
  std::vector<at::Tensor> secondMoments;
};

}  // namespace fewsound
