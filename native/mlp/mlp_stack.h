#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "native/mlp/activation.h"

namespace fewsound {

/// A dense layer: weight [out, in] and bias [out], or one of each for every sample of a batch, with
/// a leading [batch]. omega, [1] or one for each of a batch, [batch, 1, 1], where the activation
/// has one: in every layer of sines, in every layer but the last of wavelets.
struct DenseLayer {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor omega;
};

struct MlpForm {
  Activation activation = Activation::kRelu;
  double scale = 0.0;  // of wavelets
};

/// Dense layers with an activation between them: x [samples, in] or [batch, samples, in] ->
/// [..., samples, out], with a leading [batch] where the weights have one. Differentiable in
/// everything, twice. Wavelets make complex numbers, so weights and biases are complex from the
/// second layer on; of what the last layer gives, the real part is the output.
///
/// On the CPU it goes through all layers tile by tile of samples while they are in cache. For the
/// gradients it keeps what the layers made of as many tiles as fit in some memory, and computes the
/// others again. `setMlpPath` or
/// FEWSOUND_MLP=reference forces the reference.
at::Tensor mlpStack(const at::Tensor& x, const std::vector<DenseLayer>& layers,
                    const MlpForm& form = {});

/// The same, layer by layer, by ATen operators only.
at::Tensor mlpStackReference(const at::Tensor& x, const std::vector<DenseLayer>& layers,
                             const MlpForm& form = {});

enum class MlpPath { kFused, kReference };

/// Process-wide; the environment variable FEWSOUND_MLP=reference sets the first value.
void setMlpPath(MlpPath path);
MlpPath mlpPath();

}  // namespace fewsound
