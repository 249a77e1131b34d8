// The KAN layer for one instruction set. Included by kan_kernel_{plain,avx2,avx512}.cc, each of
// which defines FEWSOUND_VARIANT (a namespace) and FEWSOUND_VECTOR_BYTES, and is compiled with the
// flags of its instruction set. No header with inline code of others may come in here: the linker
// would be free to take their AVX-512 instantiation for the whole program.
//
// Per sample and input only order + 1 bases are not zero, and neighbouring samples of a sound lie
// in the same cell of the grid more often than not. So the kernel goes input by input through a
// block of samples: as long as they stay in a cell, its order + 1 rows of the table, outputs side
// by side, stay in registers, and an edge costs order + 2 fused multiply-adds a vector of outputs,
// whatever the grid.

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "native/spline/cpu/kan_activation.h"
#include "native/spline/cpu/kan_cell_groups.h"
#include "native/spline/cpu/kan_kernel.h"
#include "native/spline/cpu/vector_math.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// Adds one input's part to y [samples, stride], columns `kVectors` vectors wide. `weights` is its
/// table. Order 0 stands for any.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder>
void forwardInput(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                  const ActivationRow<T>& input, const T* weights, T* y) {
  using V = Vector<T, kLanes>;
  // A copy, which no store can change: its pointers stay in registers.
  const ActivationRow<T> row = input;
  V base[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) {
    base[v] = load<V>(weights + grid.baseRow() * stride + v * kLanes);
  }
  forEachCell(row.cell, samples,
              [&](int64_t cell, const Members& members) __attribute__((always_inline)) {
                const T* from = weights + cell * stride;
                if constexpr (kOrder > 0) {
                  // The bases sum to 1: the first row is added as it is, the others as what they
                  // differ by.
                  V first[kVectors], rises[kOrder][kVectors];
                  for (int64_t v = 0; v < kVectors; ++v) {
                    first[v] = load<V>(from + v * kLanes);
                    for (int64_t j = 0; j < kOrder; ++j) {
                      rises[j][v] = load<V>(from + (j + 1) * stride + v * kLanes) - first[v];
                    }
                  }
                  members.each([&](int64_t s) __attribute__((always_inline)) {
                    T* const to = y + s * stride;
                    const V silu = splat<V>(row.silu[s]);
                    V bases[kOrder];
                    for (int64_t j = 0; j < kOrder; ++j) bases[j] = splat<V>(row.bases[j + 1][s]);
                    for (int64_t v = 0; v < kVectors; ++v) {
                      V sum = load<V>(to + v * kLanes) + first[v];
                      sum += silu * base[v];
                      for (int64_t j = 0; j < kOrder; ++j) sum += bases[j] * rises[j][v];
                      store<V>(to + v * kLanes, sum);
                    }
                  });
                } else {
                  members.each([&](int64_t s) __attribute__((always_inline)) {
                    T* const to = y + s * stride;
                    for (int64_t v = 0; v < kVectors; ++v) {
                      V sum = load<V>(to + v * kLanes) + row.silu[s] * base[v];
                      for (int64_t j = 0; j <= grid.order; ++j) {
                        sum += row.bases[j][s] * load<V>(from + j * stride + v * kLanes);
                      }
                      store<V>(to + v * kLanes, sum);
                    }
                  });
                }
              });
}

/// What the backward pass of one input reads and writes.
template <typename T>
struct InputGradients {
  const T* weights;         // the input's table, from the column on
  const T* outputGradient;  // [samples, stride], from the column on
  T* weightSums;            // as weights; added to
  T* slopes;                // [samples, lanes]: partial sums over outputs of the gradient of x
};

template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder, bool kInput>
void backwardInput(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                   const ActivationRow<T>& input, const InputGradients<T>& gradients) {
  using V = Vector<T, kLanes>;
  const ActivationRow<T> row = input;
  const InputGradients<T> to = gradients;
  const int64_t baseOffset = grid.baseRow() * stride;
  V base[kVectors], baseSums[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) {
    base[v] = load<V>(to.weights + baseOffset + v * kLanes);
    baseSums[v] = load<V>(to.weightSums + baseOffset + v * kLanes);
  }
  const auto addTo = [](T* sum, V more) { store<V>(sum, load<V>(sum) + more); };

  forEachCell(row.cell, samples,
              [&](int64_t cell, const Members& members) __attribute__((always_inline)) {
                const auto rowAt = [&](int64_t j, int64_t v) {
                  return load<V>(to.weights + (cell + j) * stride + v * kLanes);
                };
                T* const sums = to.weightSums + cell * stride;
                if constexpr (kOrder > 0) {
                  // The slope of a spline is one of the order below, on the differences of its
                  // coefficients; its bases sum to 1 as well.
                  V first[kVectors], rises[kOrder][kVectors];
                  if constexpr (kInput) {
                    for (int64_t v = 0; v < kVectors; ++v) {
                      first[v] = rowAt(1, v) - rowAt(0, v);
                      for (int64_t j = 1; j < kOrder; ++j) {
                        rises[j][v] = rowAt(j + 1, v) - rowAt(j, v) - first[v];
                      }
                    }
                  }
                  V all[kVectors] = {}, rowSums[kOrder + 1][kVectors] = {};
                  members.each([&](int64_t s) __attribute__((always_inline)) {
                    const V silu = splat<V>(row.silu[s]);
                    V dot = {};
                    for (int64_t v = 0; v < kVectors; ++v) {
                      const V gradient = load<V>(to.outputGradient + s * stride + v * kLanes);
                      all[v] += gradient;
                      baseSums[v] += silu * gradient;
                      for (int64_t j = 1; j <= kOrder; ++j)
                        rowSums[j][v] += row.bases[j][s] * gradient;
                      if constexpr (kInput) {
                        V slope = first[v] + row.siluSlope[s] * base[v];
                        for (int64_t j = 1; j < kOrder; ++j)
                          slope += row.slopes[j][s] * rises[j][v];
                        dot += slope * gradient;
                      }
                    }
                    if constexpr (kInput) store<V>(to.slopes + s * kLanes, dot);
                  });
                  for (int64_t v = 0; v < kVectors; ++v) {
                    for (int64_t j = 1; j <= kOrder; ++j) {
                      all[v] -= rowSums[j][v];
                      addTo(sums + j * stride + v * kLanes, rowSums[j][v]);
                    }
                    addTo(sums + v * kLanes, all[v]);
                  }
                } else {
                  members.each([&](int64_t s) __attribute__((always_inline)) {
                    V dot = {};
                    for (int64_t v = 0; v < kVectors; ++v) {
                      const V gradient = load<V>(to.outputGradient + s * stride + v * kLanes);
                      baseSums[v] += row.silu[s] * gradient;
                      for (int64_t j = 0; j <= grid.order; ++j) {
                        addTo(sums + j * stride + v * kLanes, row.bases[j][s] * gradient);
                      }
                      if constexpr (kInput) {
                        V slope = row.siluSlope[s] * base[v];
                        for (int64_t j = 0; j < grid.order; ++j) {
                          slope += row.slopes[j][s] * (rowAt(j + 1, v) - rowAt(j, v));
                        }
                        dot += slope * gradient;
                      }
                    }
                    if constexpr (kInput) store<V>(to.slopes + s * kLanes, dot);
                  });
                }
              });
  for (int64_t v = 0; v < kVectors; ++v) {
    store<V>(to.weightSums + baseOffset + v * kLanes, baseSums[v]);
  }
}

/// Sums the lanes of `slopes` [pitch, lanes] into the gradient of the input, [pitch].
template <typename T, int64_t kLanes>
void sumSlopes(const KernelBlock& block, const T* slopes, T inverseStep, bool add,
               T* inputGradient) {
  using V = Vector<T, kLanes>;
  for (int64_t s = 0; s < block.samples; s += kLanes) {
    V dots[kLanes];
    for (int64_t k = 0; k < kLanes; ++k) dots[k] = load<V>(slopes + (s + k) * kLanes);
    V total = sumsOfEach(dots) * inverseStep;
    if (add) total += load<V>(inputGradient + s);
    store<V>(inputGradient + s, total);
  }
}

/// How the outputs of a layer are cut into vectors, and those into passes whose rows fit in the
/// registers.
template <typename T>
struct ColumnPlan {
  int64_t lanes;
  int64_t vectors;

  static constexpr int64_t kWide = FEWSOUND_VECTOR_BYTES / sizeof(T);
  static constexpr int64_t kHalf = kWide >= 4 ? kWide / 2 : kWide;
  static constexpr int64_t kQuarter = kWide >= 8 ? kWide / 4 : kHalf;
  static constexpr int64_t kMost = FEWSOUND_VECTOR_BYTES == 64 ? 3 : 2;

  explicit ColumnPlan(int64_t out) {
    // Half as wide costs half as much, and a row of whole vectors never splits a cache line. Less
    // than half costs the same as half.
    const auto needed = [out](int64_t width) { return (out + width - 1) / width; };
    lanes = out <= kQuarter ? kQuarter : needed(kHalf) < 2 * needed(kWide) ? kHalf : kWide;
    vectors = needed(lanes);
  }

  int64_t stride() const { return lanes * vectors; }

  /// Calls pass.operator()<lanes, vectors>(column) until all columns are done.
  template <typename Pass>
  void run(const Pass& pass) const {
    if (lanes == kWide) return runAll<kWide>(pass);
    if (lanes == kHalf) return runAll<kHalf>(pass);
    pass.template operator()<kQuarter, 1>(0);
  }

 private:
  template <int64_t kLanes, typename Pass>
  void runAll(const Pass& pass) const {
    for (int64_t done = 0; done < vectors;) {
      const int64_t left = vectors - done;
      const int64_t column = done * kLanes;
      // Four are two and two: three and one would leave one that waits for its additions.
      const int64_t now = left == 4 ? 2 : left < kMost ? left : kMost;
      if (now == 1) pass.template operator()<kLanes, 1>(column);
      if (now == 2) pass.template operator()<kLanes, 2>(column);
      if constexpr (kMost >= 3) {
        if (now == 3) pass.template operator()<kLanes, 3>(column);
      }
      done += now;
    }
  }
};

template <typename T>
int64_t strideOf(int64_t out) {
  return ColumnPlan<T>(out).stride();
}

template <typename T>
int64_t scratchSizeOf(const KernelShape& shape) {
  return ActivationRow<T>::size() + kBlock * (shape.stride + ColumnPlan<T>::kWide);
}

/// Calls work.operator()<order>() with the orders of the paper known to the compiler, 0 for any
/// other.
template <typename Work>
void withOrder(int64_t order, const Work& work) {
  if (order == 2) return work.template operator()<2>();
  if (order == 3) return work.template operator()<3>();
  work.template operator()<0>();
}

template <typename T>
void forwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                  const T* x, const T* table, T* y, T* scratch) {
  ActivationRow<T> row(scratch);
  T* const sums = scratch + ActivationRow<T>::size();  // [samples, stride]
  std::memset(sums, 0, block.samples * shape.stride * sizeof(T));
  const ColumnPlan<T> plan(shape.out);
  withOrder(grid.order, [&]<int64_t kOrder>() {
    for (int64_t i = 0; i < shape.in; ++i) {
      activate<T, kOrder, false>(grid, block.samples, x + i * block.pitch, row);
      const T* weights = table + i * grid.rows() * shape.stride;
      plan.run([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        forwardInput<T, kLanes, kVectors, kOrder>(grid, shape.stride, block.samples, row,
                                                  weights + column, sums + column);
      });
    }
  });
  transpose(block.samples, shape.out, sums, shape.stride, y, block.pitch);
}

template <typename T>
void backwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                   const T* x, const T* table, const T* outputGradient, T* inputGradient,
                   T* tableGradient, T* scratch) {
  ActivationRow<T> row(scratch);
  T* const gradient = scratch + ActivationRow<T>::size();  // [samples, stride]
  T* const slopes = gradient + kBlock * shape.stride;      // [pitch, lanes]
  if (shape.stride != shape.out) {
    std::memset(gradient, 0, block.samples * shape.stride * sizeof(T));
  }
  transpose(shape.out, block.samples, outputGradient, block.pitch, gradient, shape.stride);
  const ColumnPlan<T> plan(shape.out);
  const auto backwardWith = [&]<int64_t kOrder, bool kInput>() {
    for (int64_t i = 0; i < shape.in; ++i) {
      activate<T, kOrder, kInput>(grid, block.samples, x + i * block.pitch, row);
      const int64_t offset = i * grid.rows() * shape.stride;
      plan.run([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        const InputGradients<T> to{.weights = table + offset + column,
                                   .outputGradient = gradient + column,
                                   .weightSums = tableGradient + offset + column,
                                   .slopes = slopes};
        backwardInput<T, kLanes, kVectors, kOrder, kInput>(grid, shape.stride, block.samples, row,
                                                           to);
        if constexpr (kInput) {
          sumSlopes<T, kLanes>(block, slopes, grid.inverseStep, column > 0,
                               inputGradient + i * block.pitch);
        }
      });
    }
  };
  withOrder(grid.order, [&]<int64_t kOrder>() {
    if (inputGradient != nullptr) {
      backwardWith.template operator()<kOrder, true>();
    } else {
      backwardWith.template operator()<kOrder, false>();
    }
  });
}

template <typename T>
constexpr KanKernel<T> kKernel{FEWSOUND_VARIANT_NAME, strideOf<T>,      forwardLayer<T>,
                               backwardLayer<T>,      scratchSizeOf<T>, transpose<T>};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
