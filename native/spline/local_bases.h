#pragma once

#include <ATen/core/Tensor.h>

#include "native/spline/bspline.h"

namespace fewsound {

// On a uniform grid every basis is one cardinal B-spline, shifted. Over any cell only degree + 1 of
// them are not zero, and their values depend on the position in the cell alone. So the Cox-de Boor
// recursion runs on those few values, and `spread` puts them where they belong among all bases.

/// Where points lie on the extended grid.
struct GridPosition {
  at::Tensor
      cell;  // whole number, counted from the first extended cell; outside [0, cells) off the grid
  at::Tensor fraction;  // position in the cell, [0, 1)
};

GridPosition locate(const at::Tensor& x, const SplineGrid& grid);

/// Values in a cell of the bases of `degree`: [...] -> [degree + 1, ...]. Row j belongs to the
/// basis whose support begins j cells to the left.
at::Tensor localBases(const at::Tensor& fraction, int64_t degree);

/// For each cell of the extended grid 1 at the points in it: [...] -> [cells, ...].
at::Tensor cellIndicator(const at::Tensor& cell, const SplineGrid& grid);

/// From local values to all bases of their degree: result row i = sum_j indicator[i + j]·local[j].
/// Writes into `out` [cells - degree, ...].
void spreadInto(const at::Tensor& out, const at::Tensor& indicator, const at::Tensor& local);

}  // namespace fewsound
