#pragma once

#include <ATen/core/Tensor.h>

#include "native/spline/base_activation.h"
#include "native/spline/bspline.h"

namespace fewsound {

/// The weights of one KAN layer. Own weights are [out, in] (coefficients [out, in, intervals +
/// order]); weights per sample of a batch carry a leading [batch]. `scale` is undefined without
/// "scale spline".
struct KanWeights {
  at::Tensor base;
  at::Tensor coefficients;
  at::Tensor scale;
};

/// phi(x) = base·b(x) + scale·sum_i coefficients_i B_i(x), summed over inputs, with the activation
/// b. x [..., samples, in] -> [..., samples, out]. Differentiable in everything, twice.
/// This is the seam: whatever computes the layer, computes it behind this function.
at::Tensor kanLayer(const at::Tensor& x, const KanWeights& weights, const SplineGrid& grid,
                    BaseActivation activation);

/// The same by ATen operators only, the measure of every faster path.
at::Tensor kanLayerReference(const at::Tensor& x, const KanWeights& weights, const SplineGrid& grid,
                             BaseActivation activation);

}  // namespace fewsound
