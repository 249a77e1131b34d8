// Where a sample lies on the grid, and the splines of one cell.
#pragma once

#include "native/spline/cuda/kan_jobs.h"

namespace fewsound::cuda {

/// What all outputs need of one input of one sample. One wide load brings it to a lane.
template <typename T>
struct alignas(4 * sizeof(T)) Activation {
  T fraction;  // of the cell, [0, 1)
  T base;
  T baseSlope;
  int cell;  // first of the order + 1 rows of the table that matter
};

/// A sample that changes nothing, whatever the weights: for samples past the end.
template <typename T>
__device__ Activation<T> noActivation(const KanGrid<T>& grid) {
  return {T(0), T(0), T(0), grid.offGridCell()};
}

template <typename T>
__device__ Activation<T> activate(const KanGrid<T>& grid, T x) {
  Activation<T> found = noActivation(grid);
  if (grid.activation == BaseActivation::kTanh) {
    found.base = tanh(x);
    found.baseSlope = T(1) - found.base * found.base;
  } else {
    const T sigmoid = T(1) / (T(1) + exp(-x));
    found.base = x * sigmoid;
    found.baseSlope = sigmoid + found.base * (T(1) - sigmoid);
  }
  const T position = fma(x, grid.inverseStep, grid.offset);
  // A NaN is not inside: it has no bases, and the activation carries it on.
  if (position >= T(0) && position < T(grid.cells)) {
    found.cell = static_cast<int>(position);
    // One fused multiply-add from x: the position's own rounding stays out of the fraction.
    found.fraction = fma(x, grid.inverseStep, grid.offset - T(found.cell));
  }
  return found;
}

/// The order + 1 bases that are not zero in a cell, at the position u in it: one step of the
/// Cox-de Boor recursion after the other.
template <typename T>
__device__ void localBases(T u, int degree, T* bases) {
  bases[0] = T(1);
  for (int d = 1; d <= degree; ++d) {
    T saved = T(0);
    const T inverse = T(1) / T(d);
    for (int r = 0; r < d; ++r) {
      const T part = bases[r] * inverse;
      bases[r] = saved + (T(r + 1) - u) * part;
      saved = (u + T(d - r - 1)) * part;
    }
    bases[d] = saved;
  }
}

// In a cell a spline is a polynomial of u. For the orders of the paper the kernels work with its
// coefficients: they change only with the cell, and u alone is cheaper to pass around than bases.

/// From the order + 1 spline coefficients of a cell to the polynomial's.
template <int kOrder, typename T>
__device__ void toPolynomial(T* c) {
  const T c0 = c[0], c1 = c[1], c2 = c[2];
  if constexpr (kOrder == 2) {
    c[0] = T(0.5) * (c0 + c1);
    c[1] = c1 - c0;
    c[2] = T(0.5) * ((c0 - c1) + (c2 - c1));
  } else {
    const T c3 = c[3];
    c[0] = T(1.0 / 6.0) * ((c0 + c2) + T(4) * c1);
    c[1] = T(0.5) * (c2 - c0);
    c[2] = T(0.5) * ((c0 - c1) + (c2 - c1));
    c[3] = T(1.0 / 6.0) * ((c3 - c0) + T(3) * (c1 - c2));
  }
}

/// The transpose of that: from the gradient of the polynomial's coefficients to the spline's.
template <int kOrder, typename T>
__device__ void toSplineGradient(T* m) {
  const T m0 = m[0], m1 = m[1], m2 = m[2];
  if constexpr (kOrder == 2) {
    m[0] = T(0.5) * (m0 + m2) - m1;
    m[1] = T(0.5) * m0 + (m1 - m2);
    m[2] = T(0.5) * m2;
  } else {
    const T m3 = m[3];
    m[0] = T(1.0 / 6.0) * (m0 - m3) + T(0.5) * (m2 - m1);
    m[1] = T(2.0 / 3.0) * m0 - m2 + T(0.5) * m3;
    m[2] = T(1.0 / 6.0) * m0 + T(0.5) * (m1 + m2 - m3);
    m[3] = T(1.0 / 6.0) * m3;
  }
}

}  // namespace fewsound::cuda
