#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "native/spline/kan_layer.h"

namespace fewsound {

/// KAN layers one after another: x [..., samples, in] -> [..., samples, out]. Weights are own ones,
/// or one set for each sample of a batch, for all layers alike. Differentiable in everything,
/// twice.
///
/// In float32 and float64 the stack is fused: on the CPU all layers block by block, on CUDA layer
/// by layer; `setKanPath` or FEWSOUND_KAN=reference forces the reference.
at::Tensor kanStack(const at::Tensor& x, const std::vector<KanWeights>& layers,
                    const SplineGrid& grid, BaseActivation activation);

/// The same, layer by layer, by ATen operators only.
at::Tensor kanStackReference(const at::Tensor& x, const std::vector<KanWeights>& layers,
                             const SplineGrid& grid, BaseActivation activation);

enum class KanPath { kFused, kReference };

/// Process-wide; the environment variable FEWSOUND_KAN=reference sets the first value.
void setKanPath(KanPath path);
KanPath kanPath();

}  // namespace fewsound
