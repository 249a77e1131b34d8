#include <ATen/ATen.h>

#include "binding/dtype.h"
#include "binding/errors.h"
#include "binding/operator_table.h"

namespace fewsound::binding {
namespace {

using at::IntArrayRef;
using at::Scalar;
using at::ScalarType;
using at::Tensor;

at::TensorOptions plain(ScalarType dtype, const Device& device, bool requiresGrad) {
  if (requiresGrad && !isDifferentiable(dtype)) {
    throw CallError(Code::kDtypeMismatch,
                    c10::str("a tensor of ", dtype, " cannot require a gradient"), "requiresGrad");
  }
  return at::TensorOptions().dtype(dtype).device(device.device);
}

/// ATen's factories ignore requires_grad: it is set on what they return.
Tensor finish(Tensor tensor, bool requiresGrad) {
  if (requiresGrad) tensor.set_requires_grad(true);
  return tensor;
}

}  // namespace

void addCreationOperators(OperatorTable& table) {
  table.add("zeros", "A tensor of zeros.",
            {"shape", {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
            [](IntArrayRef shape, ScalarType dtype, const Device& device, bool requiresGrad) {
              return finish(at::zeros(shape, plain(dtype, device, requiresGrad)), requiresGrad);
            });
  table.add("ones", "A tensor of ones.",
            {"shape", {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
            [](IntArrayRef shape, ScalarType dtype, const Device& device, bool requiresGrad) {
              return finish(at::ones(shape, plain(dtype, device, requiresGrad)), requiresGrad);
            });
  table.add("full", "A tensor filled with one number.",
            {"shape", "value", {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
            [](IntArrayRef shape, const Scalar& value, ScalarType dtype, const Device& device,
               bool requiresGrad) {
              return finish(at::full(shape, value, plain(dtype, device, requiresGrad)),
                            requiresGrad);
            });
  table.add(
      "arange", "The numbers start, start + step, … below end, [ceil((end - start) / step)].",
      {"start", "end", {"step", 1}, {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
      [](const Scalar& start, const Scalar& end, const Scalar& step, ScalarType dtype,
         const Device& device, bool requiresGrad) {
        return finish(at::arange(start, end, step, plain(dtype, device, requiresGrad)),
                      requiresGrad);
      });
  table.add("linspace", "`steps` numbers evenly from start to end, both included, [steps].",
            {"start", "end", "steps", {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
            [](const Scalar& start, const Scalar& end, int64_t steps, ScalarType dtype,
               const Device& device, bool requiresGrad) {
              return finish(at::linspace(start, end, steps, plain(dtype, device, requiresGrad)),
                            requiresGrad);
            });
  table.add(
      "eye", "The identity matrix, [rows, columns]; square without columns.",
      {"rows", {"columns", nullptr}, {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
      [](int64_t rows, std::optional<int64_t> columns, ScalarType dtype, const Device& device,
         bool requiresGrad) {
        return finish(at::eye(rows, columns.value_or(rows), plain(dtype, device, requiresGrad)),
                      requiresGrad);
      });
  table.add("zerosLike", "Zeros of the shape, dtype and device of a tensor.", {"input"},
            [](const Tensor& input) { return at::zeros_like(input); });
  table.add("onesLike", "Ones of the shape, dtype and device of a tensor.", {"input"},
            [](const Tensor& input) { return at::ones_like(input); });
  table.add("fullLike", "One number in the shape, dtype and device of a tensor.",
            {"input", "value"},
            [](const Tensor& input, const Scalar& value) { return at::full_like(input, value); });

  table.add("hannWindow",
            "Hann window [length]; periodic for spectral analysis, symmetric for filter design.",
            {"length", {"periodic", true}, {"dtype", 0}, {"device", nullptr}},
            [](int64_t length, bool periodic, ScalarType dtype, const Device& device) {
              return at::hann_window(length, periodic, plain(dtype, device, false));
            });
  table.add("hammingWindow", "Hamming window [length].",
            {"length", {"periodic", true}, {"dtype", 0}, {"device", nullptr}},
            [](int64_t length, bool periodic, ScalarType dtype, const Device& device) {
              return at::hamming_window(length, periodic, plain(dtype, device, false));
            });
  table.add("blackmanWindow", "Blackman window [length].",
            {"length", {"periodic", true}, {"dtype", 0}, {"device", nullptr}},
            [](int64_t length, bool periodic, ScalarType dtype, const Device& device) {
              return at::blackman_window(length, periodic, plain(dtype, device, false));
            });

  table.add("to",
            "The tensor as another dtype or on another device; itself where it is that already.",
            {"input", {"dtype", nullptr}, {"device", nullptr}},
            [](const Tensor& input, std::optional<ScalarType> dtype,
               const std::optional<Device>& device) {
              return input.to(device ? device->device : input.device(),
                              dtype.value_or(input.scalar_type()));
            });
  table.add("clone", "A copy with memory of its own; gradients flow through it.", {"input"},
            [](const Tensor& input) { return input.clone(); });
  table.add("contiguous", "The tensor in row-major order, copied where it is not.", {"input"},
            [](const Tensor& input) { return input.contiguous(); });
  table.add("detach", "The same memory outside the record of operations.", {"input"},
            [](const Tensor& input) { return input.detach(); });
}

void addRandomOperators(OperatorTable& table) {
  table.add(
      "rand", "Uniform on [0, 1).",
      {"shape", {"generator", nullptr}, {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
      [](IntArrayRef shape, const std::optional<at::Generator>& generator, ScalarType dtype,
         const Device& device, bool requiresGrad) {
        return finish(at::rand(shape, generator, plain(dtype, device, requiresGrad)), requiresGrad);
      });
  table.add(
      "randn", "Normal with mean 0 and variance 1.",
      {"shape", {"generator", nullptr}, {"dtype", 0}, {"device", nullptr}, {"requiresGrad", false}},
      [](IntArrayRef shape, const std::optional<at::Generator>& generator, ScalarType dtype,
         const Device& device, bool requiresGrad) {
        return finish(at::randn(shape, generator, plain(dtype, device, requiresGrad)),
                      requiresGrad);
      });
  table.add("randint", "Whole numbers, low <= x < high, int64.",
            {"low", "high", "shape", {"generator", nullptr}, {"device", nullptr}},
            [](int64_t low, int64_t high, IntArrayRef shape,
               const std::optional<at::Generator>& generator, const Device& device) {
              return at::randint(low, high, shape, generator, plain(at::kLong, device, false));
            });
  table.add(
      "randperm", "The numbers 0 … length - 1 in random order, int64 [length].",
      {"length", {"generator", nullptr}, {"device", nullptr}},
      [](int64_t length, const std::optional<at::Generator>& generator, const Device& device) {
        return at::randperm(length, generator, plain(at::kLong, device, false));
      });
  table.add("bernoulli", "1 with the probability that the element gives, else 0.",
            {"input", {"generator", nullptr}},
            [](const Tensor& input, const std::optional<at::Generator>& generator) {
              return at::bernoulli(input, generator);
            });
  table.add("multinomial", "Indices drawn from the rows of weights, int64 [..., samples].",
            {"input", "samples", {"replacement", false}, {"generator", nullptr}},
            [](const Tensor& input, int64_t samples, bool replacement,
               const std::optional<at::Generator>& generator) {
              return at::multinomial(input, samples, replacement, generator);
            });
  table.add("uniform_", "Fills with numbers uniform on [from, to).",
            {"input", {"from", 0.0}, {"to", 1.0}, {"generator", nullptr}},
            [](const Tensor& input, double from, double to,
               const std::optional<at::Generator>& generator) {
              Tensor(input).uniform_(from, to, generator);
            });
  table.add("normal_", "Fills with normal numbers.",
            {"input", {"mean", 0.0}, {"deviation", 1.0}, {"generator", nullptr}},
            [](const Tensor& input, double mean, double deviation,
               const std::optional<at::Generator>& generator) {
              Tensor(input).normal_(mean, deviation, generator);
            });
}

}  // namespace fewsound::binding
