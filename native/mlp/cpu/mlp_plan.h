#pragma once

#include <cstdint>
#include <vector>

#include "native/mlp/cpu/mlp_kernel.h"
#include "native/mlp/cpu/mlp_stack_cpu.h"

namespace fewsound::cpu {

/// One layer as the kernel sees it. Complex numbers are two planes, real parts and imaginary ones.
/// Between complex numbers a complex product takes three real ones (Gauss), of sums of planes:
///
///     (a + i b)(c + i d) = ac - bd + i ((a + b)(c + d) - ac - bd)
struct MlpLayer {
  int64_t in, out;
  int64_t inPlanes, outPlanes;  // of what the linear map takes and gives: of the last, the real one
  int64_t planes;               // of weight and bias

  /// Whether complex numbers become complex ones.
  bool threeProducts() const { return inPlanes == 2 && outPlanes == 2; }

  /// Where a set's packed weights have those of complex numbers, [planes][out, in], with three
  /// products then the sum of both planes and their difference; and their biases, [planes][out],
  /// then their sum. Real ones are taken from where they are.
  int64_t weightAt, biasAt;

  /// Sums of the weight's gradient, [sumPlanes][rows, stride], of three products one each: of rows
  /// of outputs by columns of inputs, or the other way around where that leaves less of the vectors
  /// empty.
  bool inputsAsRows;
  int64_t sumPlanes;
  int64_t sumRows, sumStride;
  /// Where a set's sums have them, those of the bias [outPlanes][out, lanes] and of omega [lanes].
  int64_t sumsAt, biasSumsAt, omegaSumsAt;

  /// Of how many of a set's tiles what the map gives is kept, [keptTiles][outPlanes][out, kTile],
  /// and where among what the set keeps; of the others it is computed again.
  int64_t keptAt, keptTiles;

  int64_t planeSize() const { return in * out; }
};

/// Samples that go through all layers together.
struct MlpTile {
  int64_t set;
  int64_t task;
  int64_t number;
  int64_t sample;  // the first
  int64_t count;
};

/// Sizes of a stack and of one pass over it.
template <typename T>
struct MlpPlan {
  const MlpKernel<T>& kernel = mlpKernel<T>();
  Activation activation;
  T scaleSquared;
  int64_t batch;    // sets of weights
  int64_t samples;  // samples for each set
  int64_t tiles;    // for each set
  int64_t runs;     // parallel runs for each set
  std::vector<MlpLayer> layers;
  int64_t packedSize = 0;  // of a set's packed weights
  int64_t keptSize = 0;    // of what a set keeps
  int64_t sumsSize = 0;    // of a run's sums

  explicit MlpPlan(const MlpInput& input);

  int64_t depth() const { return static_cast<int64_t>(layers.size()); }
  int64_t tasks() const { return batch * runs; }
  /// Numbers that one tile has of what a layer's map gives.
  static int64_t tileSize(const MlpLayer& layer) { return layer.outPlanes * layer.out * kTile<T>; }
  /// Where what a layer's map gives is kept of a tile, among all that is kept; null where it is
  /// not.
  T* keptOf(T* kept, const MlpLayer& layer, const MlpTile& tile) const;
  /// Numbers between the tiles' rows of the transposed right side of a weight's gradient: an odd
  /// number of cache lines, so that rows lie in different sets of the cache.
  static int64_t spread(int64_t columns) {
    constexpr int64_t line = 64 / sizeof(T);
    const int64_t lines = (columns + line - 1) / line;
    return (lines % 2 == 0 ? lines + 1 : lines) * line;
  }

 private:
  void chooseKept(int64_t bytes);
};

extern template struct MlpPlan<float>;
extern template struct MlpPlan<double>;

}  // namespace fewsound::cpu
