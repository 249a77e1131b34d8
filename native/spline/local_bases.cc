#include "native/spline/local_bases.h"

#include <ATen/ATen.h>

#include <vector>

namespace fewsound {

GridPosition locate(const at::Tensor& x, const SplineGrid& grid) {
  const auto order = static_cast<double>(grid.order);
  const double margin = (order + 1.0) * grid.step();
  const double perUnit = 1.0 / grid.step();
  // The clamp keeps infinities and far points in a cell just off the grid, where no basis lives, so
  // that they cannot turn 0 into 0·inf.
  const at::Tensor near = x.clamp(grid.lower - margin, grid.upper + margin);
  const at::Tensor origin = at::full({}, order - grid.lower * perUnit, x.options());
  const at::Tensor cell = at::add(origin, near, perUnit).floor_();
  // Position minus cell in one fused multiply-add: subtracting the cell from the rounded position
  // would lose the bits that the distance to the knot has beyond those of the position itself.
  return {cell, at::add(origin - cell, near, perUnit)};
}

at::Tensor localBases(const at::Tensor& fraction, int64_t degree) {
  std::vector<int64_t> shape = fraction.sizes().vec();
  shape.insert(shape.begin(), degree + 1);
  at::Tensor bases = at::empty(shape, fraction.options());  // [degree + 1, ...]
  bases[0].fill_(1.0);
  if (degree == 0) return bases;
  std::vector<int64_t> column(shape.size(), 1);
  column[0] = degree;
  const at::Tensor shift = at::arange(degree, fraction.options()).view(column);
  const at::Tensor distance = fraction.unsqueeze(0) + shift;  // from the start of each support
  for (int64_t d = 1; d <= degree; ++d) {
    // The recursion shares N_{j-1}^{d-1} between its two neighbors: the part `rising` goes to the
    // basis whose support goes on here, the rest to the one whose support began a cell later.
    const at::Tensor lower = bases.narrow(0, 0, d);
    const at::Tensor rising = (distance.narrow(0, 0, d) * lower).mul_(1.0 / static_cast<double>(d));
    const at::Tensor falling = lower - rising;
    lower.copy_(rising);
    bases[d].copy_(falling[d - 1]);
    if (d > 1) bases.narrow(0, 1, d - 1).add_(falling.narrow(0, 0, d - 1));
  }
  return bases;
}

at::Tensor cellIndicator(const at::Tensor& cell, const SplineGrid& grid) {
  const int64_t cells = grid.intervals + 2 * grid.order;
  std::vector<int64_t> column(static_cast<size_t>(cell.dim()) + 1, 1);
  column[0] = cells;
  std::vector<int64_t> shape = cell.sizes().vec();
  shape.insert(shape.begin(), cells);
  at::Tensor indicator = at::empty(shape, cell.options());
  // Written as floating point at once: a boolean tensor would be converted in every product.
  at::eq_out(indicator, cell.unsqueeze(0), at::arange(cells, cell.options()).view(column));
  return indicator;
}

void spreadInto(const at::Tensor& out, const at::Tensor& indicator, const at::Tensor& local) {
  const int64_t rows = out.size(0);
  at::mul_out(const_cast<at::Tensor&>(out), indicator.narrow(0, 0, rows), local[0]);
  for (int64_t j = 1; j < local.size(0); ++j) {
    out.addcmul_(indicator.narrow(0, j, rows), local[j]);
  }
}

}  // namespace fewsound
