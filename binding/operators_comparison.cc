#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::Tensor;

void addComparisonOperators(OperatorTable& table) {
  table.add("eq", "Where equal, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::eq(input, other); });
  table.add("ne", "Where not equal, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::ne(input, other); });
  table.add("lt", "Where input < other, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::lt(input, other); });
  table.add("le", "Where input <= other, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::le(input, other); });
  table.add("gt", "Where input > other, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::gt(input, other); });
  table.add("ge", "Where input >= other, bool.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::ge(input, other); });
  table.add("logicalAnd", "and of truth values, bool.", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::logical_and(input, other); });
  table.add("logicalOr", "or of truth values, bool.", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::logical_or(input, other); });
  table.add("logicalXor", "xor of truth values, bool.", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::logical_xor(input, other); });
  table.add("isclose", "Where |input - other| <= absolute + relative·|other|, bool.",
            {"input", "other", {"relative", 1e-5}, {"absolute", 1e-8}, {"equalNan", false}},
            [](const Tensor& input, const Tensor& other, double relative, double absolute,
               bool equalNan) { return at::isclose(input, other, relative, absolute, equalNan); });
  table.add("allclose", "Whether isclose holds everywhere.",
            {"input", "other", {"relative", 1e-5}, {"absolute", 1e-8}, {"equalNan", false}},
            [](const Tensor& input, const Tensor& other, double relative, double absolute,
               bool equalNan) { return at::allclose(input, other, relative, absolute, equalNan); });
  table.add("equal", "Whether shapes and all elements are equal.", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::equal(input, other); });
  table.add("where", "input where the condition holds, other elsewhere.",
            {"condition", "input", "other"},
            [](const Tensor& condition, const Operand& input, const Operand& other) {
              return at::where(condition, input, other);
            });
}

}  // namespace fewsound::binding
