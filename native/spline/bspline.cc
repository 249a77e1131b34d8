#include "native/spline/bspline.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "native/spline/local_bases.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Bases of a degree on the knots of a grid whose own order may be higher: [...] -> [cells -
/// degree, ...]. The backward is written with the bases one degree lower, so it can be
/// differentiated again.
class BasesOfDegree : public torch::autograd::Function<BasesOfDegree> {
 public:
  static Variable forward(AutogradContext* ctx, const Variable& x, const SplineGrid& grid,
                          int64_t degree) {
    ctx->save_for_backward({x});
    ctx->saved_data["intervals"] = grid.intervals;
    ctx->saved_data["order"] = grid.order;
    ctx->saved_data["lower"] = grid.lower;
    ctx->saved_data["upper"] = grid.upper;
    ctx->saved_data["degree"] = degree;
    const auto [cell, fraction] = locate(x, grid);
    at::Tensor indicator = cellIndicator(cell, grid);
    if (degree == 0) return indicator;
    at::Tensor bases = at::empty_like(indicator.narrow(0, degree, indicator.size(0) - degree));
    spreadInto(bases, indicator, localBases(fraction, degree));
    return bases;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const Variable x = ctx->get_saved_variables()[0];
    const int64_t degree = ctx->saved_data["degree"].toInt();
    if (degree == 0) return {at::zeros_like(x), Variable(), Variable()};
    const SplineGrid grid{.intervals = ctx->saved_data["intervals"].toInt(),
                          .order = ctx->saved_data["order"].toInt(),
                          .lower = ctx->saved_data["lower"].toDouble(),
                          .upper = ctx->saved_data["upper"].toDouble()};
    const Variable lower = apply(x, grid, degree - 1);
    const int64_t count = lower.size(0) - 1;
    const Variable derivative = lower.narrow(0, 0, count) - lower.narrow(0, 1, count);
    return {(gradients[0] * derivative).sum(0).mul(1.0 / grid.step()), Variable(), Variable()};
  }
};

}  // namespace

void fields(OptionVisitor& visit, SplineGrid& grid) {
  visit({.name = "intervals", .meaning = "Cells of the grid."}, grid.intervals, kGridSizes);
  visit({.name = "order", .meaning = "Degree of the splines."}, grid.order, kSplineOrders);
  visit({.name = "lower", .meaning = "Where the grid begins."}, grid.lower, kFinite);
  visit({.name = "upper", .meaning = "Where it ends."}, grid.upper, kFinite);
}

at::Tensor splineKnots(const SplineGrid& grid, const at::TensorOptions& options) {
  // In double first, so that float32 knots are the rounded exact ones.
  const at::Tensor index =
      at::arange(-grid.order, grid.intervals + grid.order + 1, options.dtype(at::kDouble));
  return index.mul(grid.step()).add(grid.lower).to(options);
}

at::Tensor splineBases(const at::Tensor& x, const SplineGrid& grid) {
  return splineBasesFirst(x, grid).movedim(0, -1);
}

at::Tensor splineBasesFirst(const at::Tensor& x, const SplineGrid& grid) {
  TORCH_CHECK_VALUE(grid.intervals >= 1, "grid is ", grid.intervals,
                    "; expected at least 1 interval");
  TORCH_CHECK_VALUE(grid.order >= 1, "order is ", grid.order, "; expected at least 1");
  TORCH_CHECK_VALUE(grid.lower < grid.upper, "the grid's range is [", grid.lower, ", ", grid.upper,
                    "]; expected the lower end below the upper");
  TORCH_CHECK_TYPE(x.is_floating_point(), "spline bases need a floating point x, got ",
                   x.scalar_type());
  return BasesOfDegree::apply(x, grid, grid.order);
}

}  // namespace fewsound
