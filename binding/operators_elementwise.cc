#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::Scalar;
using at::Tensor;

void addElementwiseOperators(OperatorTable& table) {
  table.add("neg", "-input.", {"input"}, [](const Tensor& input) { return at::neg(input); });
  table.add("abs", "Magnitude, also of complex numbers.", {"input"},
            [](const Tensor& input) { return at::abs(input); });
  table.add("sign", "-1, 0 or 1.", {"input"}, [](const Tensor& input) { return at::sign(input); });
  table.add("square", "input².", {"input"}, [](const Tensor& input) { return at::square(input); });
  table.add("sqrt", "Square root; NaN below 0.", {"input"},
            [](const Tensor& input) { return at::sqrt(input); });
  table.add("rsqrt", "1 / square root.", {"input"},
            [](const Tensor& input) { return at::rsqrt(input); });
  table.add("reciprocal", "1 / input.", {"input"},
            [](const Tensor& input) { return at::reciprocal(input); });
  table.add("exp", "e to the power of input.", {"input"},
            [](const Tensor& input) { return at::exp(input); });
  table.add("expm1", "exp(input) - 1, exact near 0.", {"input"},
            [](const Tensor& input) { return at::expm1(input); });
  table.add("log", "Natural logarithm.", {"input"},
            [](const Tensor& input) { return at::log(input); });
  table.add("log1p", "log(1 + input), exact near 0.", {"input"},
            [](const Tensor& input) { return at::log1p(input); });
  table.add("log2", "Logarithm to base 2.", {"input"},
            [](const Tensor& input) { return at::log2(input); });
  table.add("log10", "Logarithm to base 10.", {"input"},
            [](const Tensor& input) { return at::log10(input); });
  table.add("sin", "Sine; radians.", {"input"}, [](const Tensor& input) { return at::sin(input); });
  table.add("cos", "Cosine; radians.", {"input"},
            [](const Tensor& input) { return at::cos(input); });
  table.add("tan", "Tangent; radians.", {"input"},
            [](const Tensor& input) { return at::tan(input); });
  table.add("asin", "Inverse sine.", {"input"},
            [](const Tensor& input) { return at::asin(input); });
  table.add("acos", "Inverse cosine.", {"input"},
            [](const Tensor& input) { return at::acos(input); });
  table.add("atan", "Inverse tangent.", {"input"},
            [](const Tensor& input) { return at::atan(input); });
  table.add("sinh", "Hyperbolic sine.", {"input"},
            [](const Tensor& input) { return at::sinh(input); });
  table.add("cosh", "Hyperbolic cosine.", {"input"},
            [](const Tensor& input) { return at::cosh(input); });
  table.add("tanh", "Hyperbolic tangent.", {"input"},
            [](const Tensor& input) { return at::tanh(input); });
  table.add("sinc", "sin(π·input) / (π·input).", {"input"},
            [](const Tensor& input) { return at::sinc(input); });
  table.add("erf", "Error function.", {"input"},
            [](const Tensor& input) { return at::erf(input); });
  table.add("floor", "The whole number below.", {"input"},
            [](const Tensor& input) { return at::floor(input); });
  table.add("ceil", "The whole number above.", {"input"},
            [](const Tensor& input) { return at::ceil(input); });
  table.add("round", "The nearest whole number, halves to even.", {"input"},
            [](const Tensor& input) { return at::round(input); });
  table.add("trunc", "Without its fraction.", {"input"},
            [](const Tensor& input) { return at::trunc(input); });
  table.add("frac", "The fraction alone.", {"input"},
            [](const Tensor& input) { return at::frac(input); });
  table.add("sigmoid", "1 / (1 + exp(-input)).", {"input"},
            [](const Tensor& input) { return at::sigmoid(input); });
  table.add("relu", "max(input, 0).", {"input"},
            [](const Tensor& input) { return at::relu(input); });
  table.add("silu", "input·sigmoid(input).", {"input"},
            [](const Tensor& input) { return at::silu(input); });
  table.add("isnan", "Where the element is NaN.", {"input"},
            [](const Tensor& input) { return at::isnan(input); });
  table.add("isinf", "Where it is infinite.", {"input"},
            [](const Tensor& input) { return at::isinf(input); });
  table.add("isfinite", "Where it is neither.", {"input"},
            [](const Tensor& input) { return at::isfinite(input); });
  table.add("angle", "Phase of complex numbers, radians.", {"input"},
            [](const Tensor& input) { return at::angle(input); });
  table.add("conj", "Complex conjugate.", {"input"},
            [](const Tensor& input) { return at::conj(input); });
  table.add("real", "Real part, a view of a complex tensor.", {"input"},
            [](const Tensor& input) { return at::real(input); });
  table.add("imag", "Imaginary part, a view of a complex tensor.", {"input"},
            [](const Tensor& input) { return at::imag(input); });
  table.add("viewAsReal", "Complex [...] as real [..., 2], the same memory.", {"input"},
            [](const Tensor& input) { return at::view_as_real(input); });
  table.add("viewAsComplex", "Real [..., 2] as complex [...], the same memory.", {"input"},
            [](const Tensor& input) { return at::view_as_complex(input); });
  table.add("logicalNot", "not input, bool.", {"input"},
            [](const Tensor& input) { return at::logical_not(input); });
  table.add("complex", "real + i·imag.", {"real", "imag"},
            [](const Tensor& real, const Tensor& imag) { return at::complex(real, imag); });
  table.add(
      "polar", "magnitude·exp(i·angle).", {"magnitude", "angle"},
      [](const Tensor& magnitude, const Tensor& angle) { return at::polar(magnitude, angle); });
  table.add("clamp", "No less than min and no more than max.",
            {"input", {"min", nullptr}, {"max", nullptr}},
            [](const Tensor& input, const std::optional<Scalar>& min,
               const std::optional<Scalar>& max) { return at::clamp(input, min, max); });
  table.add("elu", "input above 0, alpha·(exp(input) - 1) below.", {"input", {"alpha", 1}},
            [](const Tensor& input, const Scalar& alpha) { return at::elu(input, alpha); });
  table.add("leakyRelu", "input above 0, slope·input below.", {"input", {"slope", 0.01}},
            [](const Tensor& input, const Scalar& slope) { return at::leaky_relu(input, slope); });
  table.add("gelu", "input·Φ(input), Φ the normal distribution function.", {"input"},
            [](const Tensor& input) { return at::gelu(input); });
  table.add("softplus", "log(1 + exp(beta·input)) / beta; linear where beta·input > threshold.",
            {"input", {"beta", 1}, {"threshold", 20}},
            [](const Tensor& input, const Scalar& beta, const Scalar& threshold) {
              return at::softplus(input, beta, threshold);
            });
  table.add("softmax", "exp(input) scaled to the sum 1 along dim.", {"input", "dim"},
            [](const Tensor& input, int64_t dim) { return at::softmax(input, dim); });
  table.add("logSoftmax", "The logarithm of softmax.", {"input", "dim"},
            [](const Tensor& input, int64_t dim) { return at::log_softmax(input, dim); });
  table.add(
      "nanToNum", "NaN and infinities replaced; infinities by the largest finite numbers.",
      {"input", {"nan", 0.0}, {"posinf", nullptr}, {"neginf", nullptr}},
      [](const Tensor& input, double nan, std::optional<double> posinf,
         std::optional<double> neginf) { return at::nan_to_num(input, nan, posinf, neginf); });
}

}  // namespace fewsound::binding
