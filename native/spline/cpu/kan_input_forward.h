// The forward pass of one input of a KAN layer, for one instruction set (see kan_kernel_impl.h).
#pragma once

#include <cstdint>

#include "native/cpu/vector_math.h"
#include "native/spline/cpu/kan_activation.h"
#include "native/spline/cpu/kan_cell_groups.h"
#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// What the forward pass of one input reads and writes.
template <typename T>
struct InputForward {
  const T* weights;  // the input's table, from the column on
  T* y;              // [samples, stride], from the column on; added to
};

/// Adds one input's part, columns `kVectors` vectors wide, going through the samples of each cell
/// together.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder>
void forwardByCell(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                   const ActivationRow<T>& input, const InputForward<T>& pass) {
  using V = Vector<T, kLanes>;
  // Copies, which no store can change: their pointers stay in registers.
  const ActivationRow<T> row = input;
  const InputForward<T> to = pass;
  V base[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) {
    base[v] = load<V>(to.weights + grid.baseRow() * stride + v * kLanes);
  }
  forEachCell(row.cell, samples,
              [&](int64_t cell, const Members& members) __attribute__((always_inline)) {
                const T* const from = to.weights + cell * stride;
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
                  T* const y = to.y + s * stride;
                  const V activation = splat<V>(row.activation[s]);
                  V bases[kOrder];
                  for (int64_t j = 0; j < kOrder; ++j) bases[j] = splat<V>(row.bases[j + 1][s]);
                  for (int64_t v = 0; v < kVectors; ++v) {
                    V sum = load<V>(y + v * kLanes) + first[v];
                    sum += activation * base[v];
                    for (int64_t j = 0; j < kOrder; ++j) sum += bases[j] * rises[j][v];
                    store<V>(y + v * kLanes, sum);
                  }
                });
              });
}

/// The same, sample by sample, with the rows in memory: for many cells or, with order 0, any order.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder>
void forwardBySample(const KernelGrid<T>& grid, int64_t stride, int64_t samples,
                     const ActivationRow<T>& input, const InputForward<T>& pass) {
  using V = Vector<T, kLanes>;
  const ActivationRow<T> row = input;
  const InputForward<T> to = pass;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  V base[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) {
    base[v] = load<V>(to.weights + grid.baseRow() * stride + v * kLanes);
  }
  for (int64_t s = 0; s < samples; ++s) {
    const T* const from = to.weights + row.cell[s] * stride;
    T* const y = to.y + s * stride;
    const V activation = splat<V>(row.activation[s]);
    V bases[kOrder > 0 ? kOrder + 1 : kMaxOrder + 1];
    bases[0] = splat<V>(1);
    for (int64_t j = 1; j <= order; ++j) {
      bases[j] = splat<V>(row.bases[j][s]);
      bases[0] -= bases[j];
    }
    for (int64_t v = 0; v < kVectors; ++v) {
      V sum = load<V>(y + v * kLanes) + activation * base[v];
      for (int64_t j = 0; j <= order; ++j) {
        sum += bases[j] * load<V>(from + j * stride + v * kLanes);
      }
      store<V>(y + v * kLanes, sum);
    }
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
