// Bases and activation of one input of a KAN layer, for one instruction set (see
// kan_kernel_impl.h).
#pragma once

#include <cstdint>

#include "native/cpu/vector_math.h"
#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// What a block of samples needs of one input.
template <typename T>
struct ActivationRow {
  uint16_t* cell;  // first of the order + 1 rows of the table that matter
  T* activation;
  T* activationSlope;  // times the step of the grid
  // Each sums to 1; the first one is not kept.
  T* bases[kMaxOrder + 1];  // of the order + 1 rows
  T* slopes[kMaxOrder];     // bases of the order below, which weigh differences of rows

  explicit ActivationRow(T* scratch)
      : cell(reinterpret_cast<uint16_t*>(scratch)),
        activation(scratch + kBlock),
        activationSlope(scratch + 2 * kBlock) {
    T* next = activationSlope + kBlock;
    for (T*& row : bases) {
      row = next;
      next += kBlock;
    }
    for (T*& row : slopes) {
      row = next;
      next += kBlock;
    }
  }

  static constexpr int64_t size() { return kBlock * (2 * kMaxOrder + 4); }
};

/// One step of the Cox-de Boor recursion on uniform knots: the d nonzero bases of degree d - 1 at
/// the position u within a cell become the d + 1 of degree d.
template <typename V>
inline void raiseDegree(V* bases, V u, int64_t d) {
  using T = Element<V>;
  V saved = splat<V>(0);
  const T inverse = T(1) / T(d);
  for (int64_t r = 0; r < d; ++r) {
    const V part = bases[r] * inverse;
    bases[r] = saved + (T(r + 1) - u) * part;
    saved = (u + T(d - r - 1)) * part;
  }
  bases[d] = saved;
}

/// Fills `row` for samples of x; vectors run over their end, where x may hold anything. Off the
/// grid the bases are those of a position in the cell past its end, whose rows are zero.
template <typename T, int64_t kOrder, bool kSlopes>
void activate(const KernelGrid<T>& extended, int64_t samples, const T* x,
              const ActivationRow<T>& to) {
  using V = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;
  // Copies, which no store can change: what they hold stays in registers.
  const KernelGrid<T> grid = extended;
  const ActivationRow<T> row = to;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  const V end = splat<V>(T(grid.cells));
  V bases[kOrder > 0 ? kOrder + 1 : kMaxOrder + 1];
  for (int64_t s = 0; s < samples; s += lanesOf<V>) {
    const V at = load<V>(x + s);
    const V position = at * grid.inverseStep + grid.offset;
    // A NaN is not inside: the activation carries it on.
    const auto inside = (position >= T(0)) & (position < end);
    const Integers<V> cell = toIntegers(select(inside, position, end));
    storeNarrow<V>(row.cell + s, cell);
    // One fused multiply-add from x: the position's own rounding stays out of the fraction.
    const V fraction = at * grid.inverseStep + (grid.offset - toReals<V>(cell));
    const V u = select<V>(inside, fraction, splat<V>(0));

    bases[0] = splat<V>(1);
    for (int64_t d = 1; d < order; ++d) raiseDegree(bases, u, d);
    if constexpr (kSlopes) {
      for (int64_t j = 1; j < order; ++j) store<V>(row.slopes[j] + s, bases[j]);
    }
    raiseDegree(bases, u, order);
    for (int64_t j = 1; j <= order; ++j) store<V>(row.bases[j] + s, bases[j]);

    V activation, slope;
    if (grid.activation == BaseActivation::kTanh) {
      activation = hyperbolicTangent(at);
      slope = T(1) - activation * activation;
    } else {
      const V sigmoid = T(1) / (T(1) + exponential(-at));
      activation = at * sigmoid;
      slope = sigmoid + activation * (T(1) - sigmoid);
    }
    store<V>(row.activation + s, activation);
    if constexpr (kSlopes) store<V>(row.activationSlope + s, slope * grid.step);
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
