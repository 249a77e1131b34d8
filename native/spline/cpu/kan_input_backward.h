// The backward pass of one input of a KAN layer, for one instruction set (see kan_kernel_impl.h).
#pragma once

#include <cstdint>

#include "native/cpu/vector_math.h"
#include "native/spline/cpu/kan_activation.h"
#include "native/spline/cpu/kan_cell_groups.h"
#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// What the backward pass of one input reads and writes.
template <typename T>
struct InputBackward {
  const T* weights;         // the input's table, from the column on
  const T* outputGradient;  // [samples, stride], from the column on
  T* weightSums;            // as weights; added to
  T* slopes;                // [samples, lanes]: partial sums over outputs of the gradient of x
};

template <typename V>
inline void addTo(Element<V>* sum, V more) {
  store<V>(sum, load<V>(sum) + more);
}

/// Gradients of one input, columns `kVectors` vectors wide, going through the samples of each cell
/// together.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder, bool kInput>
void backwardByCell(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                    const ActivationRow<T>& input, const InputBackward<T>& pass) {
  using V = Vector<T, kLanes>;
  const ActivationRow<T> row = input;
  const InputBackward<T> to = pass;
  const int64_t baseOffset = grid.baseRow() * stride;
  V base[kVectors], baseSums[kVectors] = {};
  for (int64_t v = 0; v < kVectors; ++v) base[v] = load<V>(to.weights + baseOffset + v * kLanes);

  forEachCell(row.cell, samples,
              [&](int64_t cell, const Members& members) __attribute__((always_inline)) {
                const auto rowAt = [&](int64_t j, int64_t v) {
                  return load<V>(to.weights + (cell + j) * stride + v * kLanes);
                };
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
                  const V activation = splat<V>(row.activation[s]);
                  V dot = {};
                  for (int64_t v = 0; v < kVectors; ++v) {
                    const V gradient = load<V>(to.outputGradient + s * stride + v * kLanes);
                    all[v] += gradient;
                    baseSums[v] += activation * gradient;
                    for (int64_t j = 1; j <= kOrder; ++j)
                      rowSums[j][v] += row.bases[j][s] * gradient;
                    if constexpr (kInput) {
                      V slope = first[v] + row.activationSlope[s] * base[v];
                      for (int64_t j = 1; j < kOrder; ++j) slope += row.slopes[j][s] * rises[j][v];
                      dot += slope * gradient;
                    }
                  }
                  if constexpr (kInput) store<V>(to.slopes + s * kLanes, dot);
                });
                T* const sums = to.weightSums + cell * stride;
                for (int64_t v = 0; v < kVectors; ++v) {
                  for (int64_t j = 1; j <= kOrder; ++j) {
                    all[v] -= rowSums[j][v];
                    addTo<V>(sums + j * stride + v * kLanes, rowSums[j][v]);
                  }
                  addTo<V>(sums + v * kLanes, all[v]);
                }
              });
  for (int64_t v = 0; v < kVectors; ++v) {
    addTo<V>(to.weightSums + baseOffset + v * kLanes, baseSums[v]);
  }
}

/// Gradients of the table for any order, sample by sample, with the rows in memory.
template <typename T, int64_t kLanes, int64_t kVectors>
void weightSumsBySample(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                        const ActivationRow<T>& input, const InputBackward<T>& pass) {
  using V = Vector<T, kLanes>;
  const ActivationRow<T> row = input;
  const InputBackward<T> to = pass;
  V baseSums[kVectors] = {};
  for (int64_t s = 0; s < samples; ++s) {
    T* const sums = to.weightSums + row.cell[s] * stride;
    T first = 1;
    for (int64_t j = 1; j <= grid.order; ++j) first -= row.bases[j][s];
    for (int64_t v = 0; v < kVectors; ++v) {
      const V gradient = load<V>(to.outputGradient + s * stride + v * kLanes);
      baseSums[v] += row.activation[s] * gradient;
      addTo<V>(sums + v * kLanes, first * gradient);
      for (int64_t j = 1; j <= grid.order; ++j) {
        addTo<V>(sums + j * stride + v * kLanes, row.bases[j][s] * gradient);
      }
    }
  }
  for (int64_t v = 0; v < kVectors; ++v) {
    addTo<V>(to.weightSums + grid.baseRow() * stride + v * kLanes, baseSums[v]);
  }
}

/// The slopes alone, sample by sample, with the rows in memory: with order 0 for any order.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder>
void slopesBySample(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                    const ActivationRow<T>& input, const InputBackward<T>& pass) {
  using V = Vector<T, kLanes>;
  const ActivationRow<T> row = input;
  const InputBackward<T> to = pass;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  V base[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) {
    base[v] = load<V>(to.weights + grid.baseRow() * stride + v * kLanes);
  }
  for (int64_t s = 0; s < samples; ++s) {
    const T* const from = to.weights + row.cell[s] * stride;
    const V activationSlope = splat<V>(row.activationSlope[s]);
    // What weighs the rows: the bases of the order below weigh their differences, and sum to 1.
    V weights[kOrder > 0 ? kOrder + 1 : kMaxOrder + 1];
    V before = splat<V>(1);
    for (int64_t j = 1; j < order; ++j) before -= row.slopes[j][s];
    weights[0] = -before;
    for (int64_t j = 1; j < order; ++j) {
      const V slope = splat<V>(row.slopes[j][s]);
      weights[j] = before - slope;
      before = slope;
    }
    weights[order] = before;
    V dot = {};
    for (int64_t v = 0; v < kVectors; ++v) {
      V slope = activationSlope * base[v];
      for (int64_t j = 0; j <= order; ++j) {
        slope += weights[j] * load<V>(from + j * stride + v * kLanes);
      }
      dot += slope * load<V>(to.outputGradient + s * stride + v * kLanes);
    }
    store<V>(to.slopes + s * kLanes, dot);
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

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
