#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {
namespace {

using at::Scalar;
using at::ScalarType;
using at::Tensor;

std::vector<int64_t> allDims(const Tensor& input, const Dims& dims) {
  if (dims.values) return *dims.values;
  std::vector<int64_t> all(static_cast<size_t>(input.dim()));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  return all;
}

}  // namespace

void addReductionOperators(OperatorTable& table) {
  table.add("sum", "Sum over dim, or over all.",
            {"input", {"dim", nullptr}, {"keepdim", false}, {"dtype", nullptr}},
            [](const Tensor& input, const Dims& dim, bool keepdim,
               std::optional<ScalarType> dtype) { return at::sum(input, dim, keepdim, dtype); });
  table.add("mean", "Mean over dim, or over all.",
            {"input", {"dim", nullptr}, {"keepdim", false}, {"dtype", nullptr}},
            [](const Tensor& input, const Dims& dim, bool keepdim,
               std::optional<ScalarType> dtype) { return at::mean(input, dim, keepdim, dtype); });
  table.add("var", "Variance over dim, or over all, divided by the count less `correction`.",
            {"input", {"dim", nullptr}, {"correction", 1}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, const Scalar& correction, bool keepdim) {
              return at::var(input, dim, correction, keepdim);
            });
  table.add("std", "Standard deviation over dim, or over all.",
            {"input", {"dim", nullptr}, {"correction", 1}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, const Scalar& correction, bool keepdim) {
              return at::std(input, dim, correction, keepdim);
            });
  table.add("min", "The least over dim, or over all. With equal ones the gradient is shared.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, bool keepdim) {
              return at::amin(input, allDims(input, dim), keepdim);
            });
  table.add("max", "The greatest over dim, or over all. With equal ones the gradient is shared.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, bool keepdim) {
              return at::amax(input, allDims(input, dim), keepdim);
            });
  table.add("argmin", "Index of the least along dim, or in the flattened tensor, int64.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, std::optional<int64_t> dim, bool keepdim) {
              return at::argmin(input, dim, keepdim);
            });
  table.add("argmax", "Index of the greatest along dim, or in the flattened tensor, int64.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, std::optional<int64_t> dim, bool keepdim) {
              return at::argmax(input, dim, keepdim);
            });
  table.add("median", "The lower median along dim, and where it is.",
            {"input", "dim", {"keepdim", false}},
            [](const Tensor& input, int64_t dim, bool keepdim) {
              return at::median(input, dim, keepdim);
            },
            {"values", "indices"});
  table.add("prod", "Product along dim, or over all.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, std::optional<int64_t> dim, bool keepdim) {
              return dim ? at::prod(input, *dim, keepdim) : at::prod(input);
            });
  table.add("norm", "Vector norm of any order over dim, or over all.",
            {"input", {"order", 2}, {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const Scalar& order, const Dims& dim, bool keepdim) {
              return at::linalg_vector_norm(input, order, dim, keepdim);
            });
  table.add("logsumexp", "log(sum(exp(input))) over dim, without overflow.",
            {"input", "dim", {"keepdim", false}},
            [](const Tensor& input, const Sizes& dim, bool keepdim) {
              return at::logsumexp(input, dim, keepdim);
            });
  table.add("cumsum", "Running sum along dim.", {"input", "dim"},
            [](const Tensor& input, int64_t dim) { return at::cumsum(input, dim); });
  table.add("cumprod", "Running product along dim.", {"input", "dim"},
            [](const Tensor& input, int64_t dim) { return at::cumprod(input, dim); });
  table.add(
      "diff", "Differences of neighbours along dim.", {"input", {"order", 1}, {"dim", -1}},
      [](const Tensor& input, int64_t order, int64_t dim) { return at::diff(input, order, dim); });
  table.add("all", "Whether all hold, over dim or over all, bool.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, bool keepdim) {
              return at::all(input, dim, keepdim);
            });
  table.add("any", "Whether any holds, over dim or over all, bool.",
            {"input", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const Dims& dim, bool keepdim) {
              return at::any(input, dim, keepdim);
            });
  table.add("quantile", "Quantile q in [0, 1] along dim, or over all, interpolated linearly.",
            {"input", "q", {"dim", nullptr}, {"keepdim", false}},
            [](const Tensor& input, double q, std::optional<int64_t> dim, bool keepdim) {
              return at::quantile(input, q, dim, keepdim);
            });
  table.add("bincount", "How often each of 0, 1, … occurs in whole numbers, int64.",
            {"input", {"minLength", 0}}, [](const Tensor& input, int64_t minLength) {
              return at::bincount(input, {}, minLength);
            });
  table.add("histc", "Counts in `bins` equal cells from min to max.",
            {"input", "bins", "min", "max"},
            [](const Tensor& input, int64_t bins, const Scalar& min, const Scalar& max) {
              return at::histc(input, bins, min, max);
            });
}

}  // namespace fewsound::binding
