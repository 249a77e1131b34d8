#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "binding/tensor_handle.h"

namespace fewsound::binding {

/// A generator of random numbers in JavaScript's hands.
struct GeneratorHandle {
  static constexpr napi_type_tag kTag{0x41d8a92c6be34f07, 0xb1e2d4c8f3a59760};
  at::Generator generator;
};

/// What an argument is when it is not given.
using Default = std::variant<std::nullptr_t, bool, int64_t, double, const char*>;

/// The place of a value in a call, for error messages.
struct Place {
  napi_env env;
  const char* name;  // the argument, as the caller knows it

  /// Throws "name is <value>; expected <what>".
  [[noreturn]] void reject(napi_value value, const std::string& expected) const;
};

/// A tensor, or a number that takes part in arithmetic without deciding the dtype.
struct Operand {
  at::Tensor tensor;
  operator const at::Tensor&() const { return tensor; }
};

/// One number for every dimension, or a list.
struct Sizes {
  std::vector<int64_t> values;
  operator at::IntArrayRef() const { return values; }
};

/// Dimensions to work on; none given means all of them.
struct Dims {
  std::optional<std::vector<int64_t>> values;
  operator at::OptionalIntArrayRef() const {
    return values ? at::OptionalIntArrayRef(*values) : std::nullopt;
  }
};

struct Device {
  at::Device device = at::kCPU;
};

/// How a loss is reduced: 'none', 'mean' or 'sum'.
struct Reduction {
  int64_t value = 0;
};

at::Tensor toTensor(const Place& place, napi_value value);
std::vector<at::Tensor> toTensors(const Place& place, napi_value value);
/// The flags of the networks that the tensors in a list belong to, as far as they do.
std::vector<BusyFlag> busyFlagsOf(const Place& place, napi_value tensors);
at::Scalar toScalar(const Place& place, napi_value value);
int64_t toInteger(const Place& place, napi_value value);
double toDouble(const Place& place, napi_value value);
bool toBool(const Place& place, napi_value value);
std::string toText(const Place& place, napi_value value);
std::vector<int64_t> toIntegers(const Place& place, napi_value value);
at::ScalarType toDtype(const Place& place, napi_value value);
at::Device toDevice(const Place& place, napi_value value);
at::Generator toGenerator(const Place& place, napi_value value);
Operand toOperand(const Place& place, napi_value value);
Sizes toSizes(const Place& place, napi_value value);
Reduction toReduction(const Place& place, napi_value value);
Operand operandOf(const at::Scalar& number);
/// A shape, or strides, as an array of numbers.
Napi::Array makeShape(Napi::Env env, at::IntArrayRef shape);
/// Numbers, or a float64 tensor on the CPU, as a typed array of their own.
Napi::Float64Array makeNumbers(Napi::Env env, at::ArrayRef<double> numbers);
Napi::Float64Array makeNumbers(Napi::Env env, const at::Tensor& tensor);
/// An array of booleans.
Napi::Array makeFlags(Napi::Env env, const std::vector<bool>& flags);

bool isNullish(napi_env env, napi_value value);

/// How an argument of a C++ type is read from JavaScript, what it is called in TypeScript, and what
/// a default of the operator table means for it.
template <class T>
struct Convert;

template <>
struct Convert<at::Tensor> {
  using Stored = at::Tensor;
  static std::string type() { return "Tensor"; }
  static Stored from(const Place& place, napi_value value) { return toTensor(place, value); }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<Operand> {
  using Stored = Operand;
  static std::string type() { return "Operand"; }
  static Stored from(const Place& place, napi_value value) { return toOperand(place, value); }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<at::TensorList> {
  using Stored = std::vector<at::Tensor>;
  static std::string type() { return "readonly Tensor[]"; }
  static Stored from(const Place& place, napi_value value) { return toTensors(place, value); }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<at::Scalar> {
  using Stored = at::Scalar;
  static std::string type() { return "Scalar"; }
  static Stored from(const Place& place, napi_value value) { return toScalar(place, value); }
  static Stored byDefault(const Default& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
    return std::get<double>(value);
  }
};

template <>
struct Convert<int64_t> {
  using Stored = int64_t;
  static std::string type() { return "number"; }
  static Stored from(const Place& place, napi_value value) { return toInteger(place, value); }
  static Stored byDefault(const Default& value) { return std::get<int64_t>(value); }
};

template <>
struct Convert<double> {
  using Stored = double;
  static std::string type() { return "number"; }
  static Stored from(const Place& place, napi_value value) { return toDouble(place, value); }
  static Stored byDefault(const Default& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
    return std::get<double>(value);
  }
};

template <>
struct Convert<bool> {
  using Stored = bool;
  static std::string type() { return "boolean"; }
  static Stored from(const Place& place, napi_value value) { return toBool(place, value); }
  static Stored byDefault(const Default& value) { return std::get<bool>(value); }
};

template <>
struct Convert<std::string> {
  using Stored = std::string;
  static std::string type() { return "string"; }
  static Stored from(const Place& place, napi_value value) { return toText(place, value); }
  static Stored byDefault(const Default& value) { return std::get<const char*>(value); }
};

template <>
struct Convert<at::IntArrayRef> {
  using Stored = std::vector<int64_t>;
  static std::string type() { return "readonly number[]"; }
  static Stored from(const Place& place, napi_value value) { return toIntegers(place, value); }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<Sizes> {
  using Stored = Sizes;
  static std::string type() { return "number | readonly number[]"; }
  static Stored from(const Place& place, napi_value value) { return toSizes(place, value); }
  static Stored byDefault(const Default& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) return {{*integer}};
    return {};
  }
};

template <>
struct Convert<at::ScalarType> {
  using Stored = at::ScalarType;
  static std::string type() { return "DType"; }
  static Stored from(const Place& place, napi_value value) { return toDtype(place, value); }
  static Stored byDefault(const Default&) { return at::kFloat; }
};

template <>
struct Convert<Device> {
  using Stored = Device;
  static std::string type() { return "Device"; }
  static Stored from(const Place& place, napi_value value) { return {toDevice(place, value)}; }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<at::Generator> {
  using Stored = at::Generator;
  static std::string type() { return "Generator"; }
  static Stored from(const Place& place, napi_value value) { return toGenerator(place, value); }
  static Stored byDefault(const Default&) { return {}; }
};

template <>
struct Convert<Reduction> {
  using Stored = Reduction;
  static std::string type() { return "Reduction"; }
  static Stored from(const Place& place, napi_value value) { return toReduction(place, value); }
  static Stored byDefault(const Default& value) { return {std::get<int64_t>(value)}; }
};

template <class T>
struct Convert<std::optional<T>> {
  using Stored = std::optional<typename Convert<T>::Stored>;
  static std::string type() { return Convert<T>::type() + " | null"; }
  static Stored from(const Place& place, napi_value value) {
    if (isNullish(place.env, value)) return std::nullopt;
    return Convert<T>::from(place, value);
  }
  static Stored byDefault(const Default& value) {
    if (std::holds_alternative<std::nullptr_t>(value)) return std::nullopt;
    return Convert<T>::byDefault(value);
  }
};

template <>
struct Convert<Dims> {
  using Stored = Dims;
  static std::string type() { return "number | readonly number[] | null"; }
  static Stored from(const Place& place, napi_value value) {
    if (isNullish(place.env, value)) return {};
    return {toSizes(place, value).values};
  }
  static Stored byDefault(const Default&) { return {}; }
};

/// The object of ours in an argument; throws where it is anything else.
template <class T>
T& objectIn(const Napi::CallbackInfo& info, size_t index, const char* name) {
  T* object = Handle<T>::find(info.Env(), info[index]);
  if (object == nullptr) Place{info.Env(), name}.reject(info[index], std::string("a ") + name);
  return *object;
}

}  // namespace fewsound::binding
