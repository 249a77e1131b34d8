#pragma once

#include <ATen/core/Tensor.h>

namespace fewsound {

/// The weights of a GRU as PyTorch has them: reset, update and new gates below each other.
struct GruWeights {
  at::Tensor input = {};      // [3·width, in]
  at::Tensor state = {};      // [3·width, width]
  at::Tensor inputBias = {};  // [3·width]
  at::Tensor stateBias = {};  // as inputBias
};

/// The last state [batch, width] of a GRU (Cho et al. 2014) over x [batch, steps, in], from zeros.
/// Differentiable in everything, twice.
///
/// On the CPU the gradient of the state's weights, which are large, is one product over all steps
/// in place of a sum of one for each.
at::Tensor lastGruState(const at::Tensor& x, const GruWeights& weights);

/// The same, by ATen operators only.
at::Tensor lastGruStateReference(const at::Tensor& x, const GruWeights& weights);

}  // namespace fewsound
