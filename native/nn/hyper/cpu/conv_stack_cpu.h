#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "native/nn/hyper/conv_stack.h"

namespace fewsound::cpu {

struct ConvStackOutput {
  at::Tensor y;     // [batch, channels, time]
  at::Tensor kept;  // what `convBackward` needs beside the input; undefined unless wanted
};

struct ConvStackGradients {
  at::Tensor x;                   // undefined unless asked for
  std::vector<ConvStage> stages;  // as the tensors of the stages
};

/// Stages whose sizes fit together, of dense tensors of x's dtype, float32 or float64. Nothing here
/// is differentiable: autograd is around it.
ConvStackOutput convForward(const at::Tensor& x, const std::vector<ConvStage>& stages, bool keep);
ConvStackGradients convBackward(const at::Tensor& x, const std::vector<ConvStage>& stages,
                                const at::Tensor& kept, const at::Tensor& outputGradient,
                                bool inputNeeded);

}  // namespace fewsound::cpu
