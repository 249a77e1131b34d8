#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "native/options/fields.h"

namespace fewsound {

/// What the kernels and the fit of a KAN's initial splines, which is cubic in the grid, can do.
inline constexpr Whole kGridSizes{1, 1024};
inline constexpr Whole kSplineOrders{1, 16};

/// A uniform grid of `intervals` cells on [lower, upper], extended by `order` cells on each side,
/// and the B-splines of degree `order` on it.
struct SplineGrid {
  int64_t intervals = 10;
  int64_t order = 3;
  double lower = -1.0;
  double upper = 1.0;

  double step() const { return (upper - lower) / static_cast<double>(intervals); }
  int64_t bases() const { return intervals + order; }
  int64_t knots() const { return intervals + 2 * order + 1; }
};

void fields(OptionVisitor& visit, SplineGrid& grid);

/// Knots lower - order·h … upper + order·h. Returns [intervals + 2·order + 1].
at::Tensor splineKnots(const SplineGrid& grid, const at::TensorOptions& options);

/// Values of all bases by the Cox-de Boor recursion, differentiable in x. x of any shape [...]
/// gives [..., intervals + order]. Outside the extended grid all bases are 0; knot intervals are
/// half open.
at::Tensor splineBases(const at::Tensor& x, const SplineGrid& grid);

/// The same with the bases as the first dimension, [intervals + order, ...], as they are computed.
at::Tensor splineBasesFirst(const at::Tensor& x, const SplineGrid& grid);

}  // namespace fewsound
