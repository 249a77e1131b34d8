#include <ATen/ATen.h>

#include <limits>

#include "native/spline/bspline.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;

namespace {

constexpr SplineGrid kGrids[]{
    {.intervals = 1, .order = 1},
    {.intervals = 1, .order = 2},
    {.intervals = 5, .order = 1},
    {.intervals = 8, .order = 3},
    {.intervals = 10, .order = 2},
    {.intervals = 3, .order = 7},
    {.intervals = 17, .order = 3, .lower = -2.5, .upper = 0.75},
};

at::Tensor insideOf(const SplineGrid& grid) {
  return at::linspace(grid.lower, grid.upper, 997, at::kDouble);
}

/// The recursion of Cox and de Boor as the textbook has it, over the knots.
at::Tensor textbookBases(const at::Tensor& x, const SplineGrid& grid) {
  const at::Tensor knots = splineKnots(grid, x.options());
  const at::Tensor points = x.unsqueeze(-1);
  const auto from = [&](int64_t first, int64_t count) { return knots.narrow(0, first, count); };
  int64_t count = grid.knots() - 1;
  at::Tensor bases =
      at::logical_and(points >= from(0, count), points < from(1, count)).to(x.dtype());
  for (int64_t d = 1; d <= grid.order; ++d) {
    --count;
    const at::Tensor rising = (points - from(0, count)) / (from(d, count) - from(0, count));
    const at::Tensor falling =
        (from(d + 1, count) - points) / (from(d + 1, count) - from(1, count));
    bases = rising * bases.narrow(-1, 0, count) + falling * bases.narrow(-1, 1, count);
  }
  return bases;
}

}  // namespace

TEST(basesAreThoseOfTheTextbookRecursion) {
  for (const SplineGrid& grid : kGrids) {
    const double beyond = static_cast<double>(grid.order + 1) * grid.step();
    const at::Tensor x = at::linspace(grid.lower - beyond, grid.upper + beyond, 2003, at::kDouble);
    CHECK(test::distance(splineBases(x, grid), textbookBases(x, grid)) < 1e-13);
    const at::Tensor narrow = splineBases(x.to(at::kFloat), grid);
    CHECK(narrow.scalar_type() == at::kFloat);
    CHECK(test::distance(narrow, textbookBases(x.to(at::kFloat).to(at::kDouble), grid)) < 1e-6);
  }
}

TEST(basesSumToOneOnTheGridBothEndsIncluded) {
  for (const SplineGrid& grid : kGrids) {
    const at::Tensor sums = splineBases(insideOf(grid), grid).sum(-1);
    CHECK((sums - 1.0).abs().max().item<double>() < 1e-13);
    const at::Tensor ends = at::tensor({grid.lower, grid.upper}, at::kFloat);
    CHECK((splineBases(ends, grid).sum(-1) - 1.0).abs().max().item<double>() < 1e-6);
  }
}

TEST(basesAreNotNegativeAndLiveOnOrderPlusOneCells) {
  for (const SplineGrid& grid : kGrids) {
    const at::Tensor x = insideOf(grid);
    const at::Tensor bases = splineBases(x, grid);
    CHECK(bases.sizes() == at::IntArrayRef({997, grid.bases()}));
    CHECK(bases.min().item<double>() >= -1e-15);
    const at::Tensor knots = splineKnots(grid, at::kDouble);
    for (int64_t i = 0; i < grid.bases(); ++i) {
      const at::Tensor off = at::logical_or(x < knots[i], x >= knots[i + grid.order + 1]);
      CHECK(bases.select(-1, i).masked_select(off).abs().sum().item<double>() == 0.0);
    }
  }
}

TEST(basesAreZeroOutsideTheExtendedGrid) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const SplineGrid& grid : kGrids) {
    const double edge = grid.upper + static_cast<double>(grid.order) * grid.step();
    const at::Tensor x =
        at::tensor({-infinity, -1e30, -7e3, edge + 1e-9, 1e30, infinity}, at::kDouble);
    CHECK(splineBases(x, grid).abs().max().item<double>() == 0.0);
    CHECK(splineBases(x.to(at::kFloat).slice(0, 0, 3), grid).abs().max().item<double>() == 0.0);
  }
}

TEST(basesHaveTheirClosedForms) {
  // Order 1: hats over the inner knots. Order 3: 1/6, 4/6, 1/6 at a knot.
  const at::Tensor hats = splineBases(at::tensor({0.3}, at::kDouble), {.intervals = 4, .order = 1});
  CHECK(test::distance(hats[0], at::tensor({0.0, 0.0, 0.4, 0.6, 0.0}, at::kDouble)) < 1e-14);
  const at::Tensor cubic =
      splineBases(at::tensor({0.0}, at::kDouble), {.intervals = 4, .order = 3});
  const at::Tensor expected = at::tensor({0.0, 0.0, 1.0, 4.0, 1.0, 0.0, 0.0}, at::kDouble) / 6.0;
  CHECK(test::distance(cubic[0], expected) < 1e-14);
}

TEST(knotsAreUniformAndGoOrderCellsBeyondTheRange) {
  const at::Tensor knots = splineKnots({.intervals = 2, .order = 2}, at::kDouble);
  CHECK(test::distance(knots, at::tensor({-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}, at::kDouble)) ==
        0.0);
}

TEST(derivativesOfEveryOrderAgreeWithDifferences) {
  for (const SplineGrid& grid : kGrids) {
    const at::Tensor x = at::linspace(grid.lower + 0.017, grid.upper - 0.013, 23, at::kDouble);
    const auto weighted = [&](const std::vector<at::Tensor>& inputs) {
      const at::Tensor bases = splineBases(inputs[0], grid);
      return (bases * at::linspace(-1.0, 2.0, bases.numel(), at::kDouble).view_as(bases)).sum();
    };
    CHECK(test::gradientError(weighted, {x}) < 1e-7);
    CHECK(test::secondGradientError(weighted, {x}) < 1e-7);
  }
}

TEST(notANumberStaysNotANumber) {
  const at::Tensor x = at::full({2}, std::numeric_limits<float>::quiet_NaN());
  CHECK(splineBases(x, {}).isnan().any().item<bool>());
}

TEST(gridsThatAreNoneAreErrors) {
  const at::Tensor x = at::zeros({3});
  CHECK_THROWS(splineBases(x, {.intervals = 0}), "grid is 0");
  CHECK_THROWS(splineBases(x, {.order = 0}), "order is 0");
  CHECK_THROWS(splineBases(x, {.lower = 1.0, .upper = 1.0}), "range");
  CHECK_THROWS(splineBases(at::zeros({3}, at::kLong), {}), "floating point");
}
