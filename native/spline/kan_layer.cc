#include "native/spline/kan_layer.h"

#include "native/spline/kan_stack.h"

namespace fewsound {

at::Tensor kanLayer(const at::Tensor& x, const KanWeights& weights, const SplineGrid& grid,
                    BaseActivation activation) {
  return kanStack(x, {weights}, grid, activation);
}

}  // namespace fewsound
