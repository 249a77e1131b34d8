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

  /// Of a tile's samples [count, in] the output [count, out]; writes what is kept of the tile where
  /// `kept` is not null.
  void forward(const MlpWeights<T>& weights, const MlpTile& tile, const T* input, T* output,
               T* kept);

  /// The same samples once more, with what was kept of them where `kept` is not null; then their
  /// gradients: adds to a run's sums; that of the samples, [count, in], is written where
  /// `inputGradient` is not null.
  void backward(const MlpWeights<T>& weights, const MlpTile& tile, const T* input, T* kept,
                const T* outputGradient, T* sums, T* inputGradient);

 private:
  void throughHidden(const MlpWeights<T>& weights, const MlpTile& tile, T* kept, bool known);
  void takeInput(const MlpWeights<T>& weights, const T* input, int64_t count);
  void mapForward(int64_t l, const typename MlpWeights<T>::Layer& weights, T* z);
  void mapBackward(int64_t l, const typename MlpWeights<T>::Layer& weights, const T* gradient,
                   T* inputGradient);
  void sumWeights(int64_t l, const T* gradient, const T* rows, T* sums);
  ActivationStep<T> stepAfter(int64_t l, const MlpWeights<T>& weights) const;

  const MlpPlan<T>& plan_;
  const MlpKernel<T>& kernel_;
  bool goesBack_;
  at::Tensor workspace_;
  std::vector<T*> x_;  // room for what each layer's linear map takes: [inPlanes][in, kTile]
  std::vector<T*> z_;  // and gives, or for the slopes of its activation: [outPlanes][out, kTile]
  std::vector<const T*> takes_;  // where that is of the tile at work: there, or what was kept
  std::vector<const T*> gives_;
  T* inputSlopes_ = nullptr;  // of what the first layer does to its input
  T* gradients_[2] = {};
  T* mixed_[3] = {};  // of three products: sums or differences of planes, and a product
  T* transposed_ = nullptr;
};

extern template class MlpTilePass<float>;
extern template class MlpTilePass<double>;

}  // namespace fewsound::cpu
