#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/mlp/cpu/mlp_plan.h"

namespace fewsound::cpu {

/// One set's weights as the tiles want them.
template <typename T>
struct MlpWeights {
  struct Layer {
    const T* weight;  // [planes][out, in]
    const T* bias;    // [planes][out]
    T omega;
  };
  std::vector<Layer> layers;
};

/// Takes tiles through all layers and back. One thread's own.
template <typename T>
class MlpTilePass {
 public:
  /// A pass that goes back keeps what all layers made of a tile.
  MlpTilePass(const MlpPlan<T>& plan, const at::TensorOptions& options, bool goesBack,
              bool inputNeeded);

  /// Of samples [count, in]; the output [count, out] is written where `output` is not null.
  void forward(const MlpWeights<T>& weights, const T* input, int64_t count, T* output);

  /// After `forward` of the same samples: adds to a run's sums; the gradient [count, in] of the
  /// samples is written where `inputGradient` is not null.
  void backward(const MlpWeights<T>& weights, const T* outputGradient, int64_t count, T* sums,
                T* inputGradient);

 private:
  void takeInput(const MlpWeights<T>& weights, const T* input, int64_t count);
  void mapForward(int64_t l, const typename MlpWeights<T>::Layer& weights, T* z);
  void mapBackward(int64_t l, const typename MlpWeights<T>::Layer& weights, const T* gradient,
                   T* inputGradient);
  void sumWeights(int64_t l, const T* gradient, T* sums);
  ActivationStep<T> stepAfter(int64_t l, const MlpWeights<T>& weights) const;

  const MlpPlan<T>& plan_;
  const MlpKernel<T>& kernel_;
  bool goesBack_;
  at::Tensor workspace_;
  std::vector<T*> x_;  // what each layer's linear map takes: [inPlanes][in, kTile]
  std::vector<T*> z_;  // what it gives, or the slopes of its activation: [outPlanes][out, kTile]
  T* inputSlopes_ = nullptr;  // of what the first layer does to its input
  T* gradients_[2] = {};
  T* transposed_ = nullptr;
};

extern template class MlpTilePass<float>;
extern template class MlpTilePass<double>;

}  // namespace fewsound::cpu
