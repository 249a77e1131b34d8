#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "native/mlp/mlp_stack.h"

namespace fewsound::cpu {

/// What a pass works on, checked: dense tensors of the CPU whose sizes and dtypes fit together.
struct MlpInput {
  at::Tensor x;                    // [1 or batch, samples, in]
  std::vector<DenseLayer> layers;  // weights [batch, out, in], biases [batch, out]
  MlpForm form;

  int64_t batch() const { return layers.front().weight.size(0); }
  int64_t samples() const { return x.size(1); }
};

struct MlpGradients {
  at::Tensor x;                    // [batch, samples, in]; undefined unless asked for
  std::vector<DenseLayer> layers;  // as the layers
};

struct MlpOutput {
  at::Tensor y;     // [batch, samples, out]
  at::Tensor kept;  // for `mlpBackward`; empty unless wanted
};

MlpOutput mlpForward(const MlpInput& input, bool keep);

/// outputGradient: [batch, samples, out], contiguous.
MlpGradients mlpBackward(const MlpInput& input, const at::Tensor& kept,
                         const at::Tensor& outputGradient, bool inputNeeded);

}  // namespace fewsound::cpu
