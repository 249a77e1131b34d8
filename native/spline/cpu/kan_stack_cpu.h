#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "native/spline/kan_layer.h"

namespace fewsound::cpu {

/// Whether the fused stack takes these: dense CPU tensors of one dtype, float32 or float64.
bool canFuse(const at::Tensor& x, const std::vector<KanWeights>& layers, const SplineGrid& grid);

/// kanStack for what `canFuse` accepts.
at::Tensor kanStackFused(const at::Tensor& x, const std::vector<KanWeights>& layers,
                         const SplineGrid& grid);

}  // namespace fewsound::cpu
