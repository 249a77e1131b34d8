#include <ATen/ATen.h>

#include "native/spline/kan_layer.h"

namespace fewsound {

at::Tensor kanLayerReference(const at::Tensor& x, const KanWeights& weights, const SplineGrid& grid,
                             BaseActivation activation) {
  const at::Tensor coefficients = weights.scale.defined()
                                      ? weights.coefficients * weights.scale.unsqueeze(-1)
                                      : weights.coefficients;
  // Samples come last throughout, so that every pass runs along memory and the bases of all inputs
  // are one matrix as they are computed. The result, transposed back as a view, enters the next
  // layer without a copy.
  const at::Tensor inputs = x.transpose(-1, -2);  // [..., in, samples]
  const at::Tensor bases =
      splineBasesFirst(inputs, grid).movedim(0, -3).flatten(-3, -2);  // [..., bases·in, samples]
  const at::Tensor splines = coefficients.transpose(-1, -2).flatten(-2);  // [..., out, bases·in]
  const at::Tensor activated =
      activation == BaseActivation::kTanh ? at::tanh(inputs) : at::silu(inputs);
  const at::Tensor outputs = at::matmul(splines, bases) + at::matmul(weights.base, activated);
  return outputs.transpose(-1, -2);
}

}  // namespace fewsound
