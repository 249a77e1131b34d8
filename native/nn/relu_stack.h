#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fewsound {

/// Weights [out, in] and bias [out] of a linear layer, or one of each for every sample of a batch,
/// with a leading [batch].
struct LinearWeights {
  at::Tensor weight;
  at::Tensor bias;
};

/// Linear layers with ReLU between them: x [samples, in] or [batch, samples, in] -> [..., samples,
/// out], with a leading [batch] where the weights have one. Differentiable in everything, twice.
///
/// On the CPU it goes through all layers block by block, so that a block's activations stay in
/// cache, and computes them again for the gradients instead of keeping them.
at::Tensor reluStack(const at::Tensor& x, const std::vector<LinearWeights>& layers);

/// The same, layer by layer, by ATen operators only.
at::Tensor reluStackReference(const at::Tensor& x, const std::vector<LinearWeights>& layers);

/// One linear layer of such weights, by ATen operators.
at::Tensor linearLayer(const at::Tensor& x, const LinearWeights& layer);

}  // namespace fewsound
