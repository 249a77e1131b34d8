#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {
namespace {

using at::Scalar;
using at::Tensor;

}  // namespace

void addArithmeticOperators(OperatorTable& table) {
  table.add("add", "input + alpha·other, broadcast.", {"input", "other", {"alpha", 1}},
            [](const Tensor& input, const Operand& other, const Scalar& alpha) {
              return at::add(input, other, alpha);
            });
  table.add("sub", "input - alpha·other, broadcast.", {"input", "other", {"alpha", 1}},
            [](const Tensor& input, const Operand& other, const Scalar& alpha) {
              return at::sub(input, other, alpha);
            });
  table.add("mul", "input·other, broadcast.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::mul(input, other); });
  table.add("div", "input / other, broadcast; rounding is null, 'trunc' or 'floor'.",
            {"input", "other", {"rounding", nullptr}},
            [](const Tensor& input, const Operand& other, const std::optional<std::string>& mode) {
              return at::div(input, other, mode);
            });
  table.add("remainder", "input modulo other, with the sign of other.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::remainder(input, other); });
  table.add("pow", "input to the power of exponent.", {"input", "exponent"},
            [](const Tensor& input, const Operand& exponent) { return at::pow(input, exponent); });
  table.add("atan2", "The angle of the point (x, y), in (-π, π]; the input is y.", {"input", "x"},
            [](const Tensor& input, const Operand& x) { return at::atan2(input, x); });
  table.add("maximum", "The greater of two, element by element; NaN where either is.",
            {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::maximum(input, other); });
  table.add("minimum", "The lesser of two, element by element; NaN where either is.",
            {"input", "other"},
            [](const Tensor& input, const Operand& other) { return at::minimum(input, other); });
  table.add("lerp", "input + weight·(end - input).", {"input", "end", "weight"},
            [](const Tensor& input, const Tensor& end, const Operand& weight) {
              if (weight.tensor.dim() == 0) return at::lerp(input, end, weight.tensor.item());
              return at::lerp(input, end, weight.tensor);
            });
  table.add("addcmul", "input + value·first·second.", {"input", "first", "second", {"value", 1}},
            [](const Tensor& input, const Tensor& first, const Tensor& second,
               const Scalar& value) { return at::addcmul(input, first, second, value); });
  table.add("addcdiv", "input + value·first / second.", {"input", "first", "second", {"value", 1}},
            [](const Tensor& input, const Tensor& first, const Tensor& second,
               const Scalar& value) { return at::addcdiv(input, first, second, value); });

  table.add("add_", "Adds alpha·other in place.", {"input", "other", {"alpha", 1}},
            [](const Tensor& input, const Operand& other, const Scalar& alpha) {
              input.add_(other, alpha);
            });
  table.add("sub_", "Subtracts alpha·other in place.", {"input", "other", {"alpha", 1}},
            [](const Tensor& input, const Operand& other, const Scalar& alpha) {
              input.sub_(other, alpha);
            });
  table.add("mul_", "Multiplies in place.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { input.mul_(other); });
  table.add("div_", "Divides in place.", {"input", "other"},
            [](const Tensor& input, const Operand& other) { input.div_(other); });
  table.add("addcmul_", "Adds value·first·second in place.",
            {"input", "first", "second", {"value", 1}},
            [](const Tensor& input, const Tensor& first, const Tensor& second,
               const Scalar& value) { input.addcmul_(first, second, value); });
  table.add("addcdiv_", "Adds value·first / second in place.",
            {"input", "first", "second", {"value", 1}},
            [](const Tensor& input, const Tensor& first, const Tensor& second,
               const Scalar& value) { input.addcdiv_(first, second, value); });
  table.add("lerp_", "Moves towards end by weight in place.", {"input", "end", "weight"},
            [](const Tensor& input, const Tensor& end, const Scalar& weight) {
              input.lerp_(end, weight);
            });
  table.add("copy_", "Overwrites with the values of source, broadcast and converted.",
            {"input", "source"},
            [](const Tensor& input, const Tensor& source) { input.copy_(source); });
  table.add("zero_", "Overwrites with zeros.", {"input"},
            [](const Tensor& input) { input.zero_(); });
  table.add("fill_", "Overwrites with one number.", {"input", "value"},
            [](const Tensor& input, const Scalar& value) { input.fill_(value); });
  table.add("clamp_", "Clamps in place.", {"input", {"min", nullptr}, {"max", nullptr}},
            [](const Tensor& input, const std::optional<Scalar>& min,
               const std::optional<Scalar>& max) { Tensor(input).clamp_(min, max); });
  table.add("sqrt_", "Square root in place.", {"input"},
            [](const Tensor& input) { Tensor(input).sqrt_(); });
}

}  // namespace fewsound::binding
