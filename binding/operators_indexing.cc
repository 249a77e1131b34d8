#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::Scalar;
using at::Tensor;

void addIndexingOperators(OperatorTable& table) {
  table.add("select", "The slice at an index along dim, a view without that dimension.",
            {"input", "dim", "index"}, [](const Tensor& input, int64_t dim, int64_t index) {
              return at::select(input, dim, index);
            });
  table.add("narrow", "`length` elements from `start` along dim, a view.",
            {"input", "dim", "start", "length"},
            [](const Tensor& input, int64_t dim, int64_t start, int64_t length) {
              return at::narrow(input, dim, start, length);
            });
  table.add(
      "slice",
      "Elements start, start + step, … before end along dim, a view; negative "
      "indices count from the end.",
      {"input", "dim", {"start", nullptr}, {"end", nullptr}, {"step", 1}},
      [](const Tensor& input, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
         int64_t step) { return at::slice(input, dim, start, end, step); });
  table.add("indexSelect", "The slices at the indices (int64 [n]) along dim.",
            {"input", "dim", "index"}, [](const Tensor& input, int64_t dim, const Tensor& index) {
              return at::index_select(input, dim, index);
            });
  table.add("gather", "Elements picked along dim by an index tensor (int64) of the result's shape.",
            {"input", "dim", "index"}, [](const Tensor& input, int64_t dim, const Tensor& index) {
              return at::gather(input, dim, index);
            });
  table.add("scatter", "A copy with elements of source written along dim where index says.",
            {"input", "dim", "index", "source"},
            [](const Tensor& input, int64_t dim, const Tensor& index, const Operand& source) {
              if (source.tensor.unsafeGetTensorImpl()->is_wrapped_number()) {
                return at::scatter(input, dim, index, source.tensor.item());
              }
              return at::scatter(input, dim, index, source.tensor);
            });
  table.add("scatterAdd", "A copy with elements of source added along dim where index says.",
            {"input", "dim", "index", "source"},
            [](const Tensor& input, int64_t dim, const Tensor& index, const Tensor& source) {
              return at::scatter_add(input, dim, index, source);
            });
  table.add("indexAdd", "A copy with the slices of source added at the indices along dim.",
            {"input", "dim", "index", "source"},
            [](const Tensor& input, int64_t dim, const Tensor& index, const Tensor& source) {
              return at::index_add(input, dim, index, source);
            });
  table.add("take", "Elements at indices (int64) of the flattened tensor, in the shape of index.",
            {"input", "index"},
            [](const Tensor& input, const Tensor& index) { return at::take(input, index); });
  table.add("maskedSelect", "The elements where the mask (bool) holds, [n].", {"input", "mask"},
            [](const Tensor& input, const Tensor& mask) { return at::masked_select(input, mask); });
  table.add("maskedFill", "A copy with one number where the mask (bool) holds.",
            {"input", "mask", "value"},
            [](const Tensor& input, const Tensor& mask, const Scalar& value) {
              return at::masked_fill(input, mask, value);
            });
  table.add("nonzero", "Indices of what is not zero, int64 [n, dimensions].", {"input"},
            [](const Tensor& input) { return at::nonzero(input); });
  table.add("sort", "Sorted along dim, and the indices it came from.",
            {"input", {"dim", -1}, {"descending", false}, {"stable", false}},
            [](const Tensor& input, int64_t dim, bool descending, bool stable) {
              return at::sort(input, stable, dim, descending);
            },
            {"values", "indices"});
  table.add("argsort", "The indices that sort along dim, int64.",
            {"input", {"dim", -1}, {"descending", false}, {"stable", false}},
            [](const Tensor& input, int64_t dim, bool descending, bool stable) {
              return at::argsort(input, stable, dim, descending);
            });
  table.add("topk", "The `count` greatest (or least) along dim, and where they are.",
            {"input", "count", {"dim", -1}, {"largest", true}, {"sorted", true}},
            [](const Tensor& input, int64_t count, int64_t dim, bool largest, bool sorted) {
              return at::topk(input, count, dim, largest, sorted);
            },
            {"values", "indices"});
  table.add(
      "searchsorted",
      "Where values would be inserted in a sorted sequence, int64; with `right` after equal ones.",
      {"sorted", "values", {"right", false}},
      [](const Tensor& sorted, const Tensor& values, bool right) {
        return at::searchsorted(sorted, values, /*out_int32=*/false, right);
      });
  table.add("oneHot", "int64 [...] as [..., classes] with a 1 at each index.", {"input", "classes"},
            [](const Tensor& input, int64_t classes) { return at::one_hot(input, classes); });
}

}  // namespace fewsound::binding
