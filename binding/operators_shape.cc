#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::IntArrayRef;
using at::Tensor;
using at::TensorList;

void addShapeOperators(OperatorTable& table) {
  table.add("reshape", "The same elements in another shape; one size may be -1.",
            {"input", "shape"},
            [](const Tensor& input, IntArrayRef shape) { return at::reshape(input, shape); });
  table.add("view", "The same memory in another shape; fails where that needs a copy.",
            {"input", "shape"},
            [](const Tensor& input, IntArrayRef shape) { return input.view(shape); });
  table.add("flatten", "Dimensions start … end as one.", {"input", {"start", 0}, {"end", -1}},
            [](const Tensor& input, int64_t start, int64_t end) {
              return at::flatten(input, start, end);
            });
  table.add("unflatten", "Dimension dim as several, of the given sizes.", {"input", "dim", "sizes"},
            [](const Tensor& input, int64_t dim, IntArrayRef sizes) {
              return at::unflatten(input, dim, sizes);
            });
  table.add("permute", "Dimensions in another order.", {"input", "dims"},
            [](const Tensor& input, IntArrayRef dims) { return at::permute(input, dims); });
  table.add("transpose", "Two dimensions exchanged.", {"input", {"first", -2}, {"second", -1}},
            [](const Tensor& input, int64_t first, int64_t second) {
              return at::transpose(input, first, second);
            });
  table.add("squeeze", "Without dimensions of size 1: all of them, or those given.",
            {"input", {"dim", nullptr}}, [](const Tensor& input, const Dims& dim) {
              return dim.values ? at::squeeze(input, *dim.values) : at::squeeze(input);
            });
  table.add("unsqueeze", "With a new dimension of size 1 at dim.", {"input", "dim"},
            [](const Tensor& input, int64_t dim) { return at::unsqueeze(input, dim); });
  table.add("expand", "Dimensions of size 1 repeated without a copy; -1 keeps a size.",
            {"input", "shape"},
            [](const Tensor& input, IntArrayRef shape) { return input.expand(shape); });
  table.add("repeat", "The tensor repeated along every dimension.", {"input", "repeats"},
            [](const Tensor& input, IntArrayRef repeats) { return input.repeat(repeats); });
  table.add("repeatInterleave", "Every element repeated, along dim or in the flattened tensor.",
            {"input", "repeats", {"dim", nullptr}},
            [](const Tensor& input, int64_t repeats, std::optional<int64_t> dim) {
              return at::repeat_interleave(input, repeats, dim);
            });
  table.add("broadcastTo", "The tensor broadcast to a shape, without a copy.", {"input", "shape"},
            [](const Tensor& input, IntArrayRef shape) { return at::broadcast_to(input, shape); });
  table.add("flip", "The order reversed along dims.", {"input", "dims"},
            [](const Tensor& input, const Sizes& dims) { return at::flip(input, dims); });
  table.add("roll", "Shifted along dims, what leaves at one end enters at the other.",
            {"input", "shifts", {"dims", nullptr}},
            [](const Tensor& input, const Sizes& shifts, const Dims& dims) {
              return at::roll(input, shifts, dims.values.value_or(std::vector<int64_t>{}));
            });
  table.add("cat", "Tensors one after another along dim.", {"tensors", {"dim", 0}},
            [](TensorList tensors, int64_t dim) { return at::cat(tensors, dim); });
  table.add("stack", "Tensors of one shape along a new dimension.", {"tensors", {"dim", 0}},
            [](TensorList tensors, int64_t dim) { return at::stack(tensors, dim); });
  table.add("split", "Pieces of a size along dim (the last may be smaller), or of the sizes given.",
            {"input", "size", {"dim", 0}}, [](const Tensor& input, const Sizes& size, int64_t dim) {
              if (size.values.size() == 1 && dim >= -input.dim() && dim < input.dim() &&
                  size.values[0] != input.size(dim)) {
                return at::split(input, size.values[0], dim);
              }
              return at::split_with_sizes(input, size, dim);
            });
  table.add("chunk", "About equal pieces along dim.", {"input", "chunks", {"dim", 0}},
            [](const Tensor& input, int64_t chunks, int64_t dim) {
              return at::chunk(input, chunks, dim);
            });
  table.add("unbind", "The slices along dim.", {"input", {"dim", 0}},
            [](const Tensor& input, int64_t dim) { return at::unbind(input, dim); });
  table.add("unfold", "Windows of `size` every `step` along dim, as a new last dimension; a view.",
            {"input", "dim", "size", "step"},
            [](const Tensor& input, int64_t dim, int64_t size, int64_t step) {
              return input.unfold(dim, size, step);
            });
  table.add("diagonal", "The diagonal of two dimensions, a view.",
            {"input", {"offset", 0}, {"first", 0}, {"second", 1}},
            [](const Tensor& input, int64_t offset, int64_t first, int64_t second) {
              return at::diagonal(input, offset, first, second);
            });
  table.add("diag", "A matrix with this diagonal, or the diagonal of this matrix.",
            {"input", {"offset", 0}},
            [](const Tensor& input, int64_t offset) { return at::diag(input, offset); });
  table.add("triu", "The part of a matrix above a diagonal, zeros below.",
            {"input", {"diagonal", 0}},
            [](const Tensor& input, int64_t diagonal) { return at::triu(input, diagonal); });
  table.add("tril", "The part of a matrix below a diagonal, zeros above.",
            {"input", {"diagonal", 0}},
            [](const Tensor& input, int64_t diagonal) { return at::tril(input, diagonal); });
  table.add("pad",
            "Padded at the ends, the last dimension first: [left, right, top, bottom, …]. mode is "
            "'constant', 'reflect', 'replicate' or 'circular'.",
            {"input", "padding", {"mode", "constant"}, {"value", nullptr}},
            [](const Tensor& input, IntArrayRef padding, const std::string& mode,
               std::optional<double> value) { return at::pad(input, padding, mode, value); });
}

}  // namespace fewsound::binding
