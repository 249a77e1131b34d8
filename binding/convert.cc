#include "binding/convert.h"

#include <ATen/Context.h>
#include <ATen/ScalarOps.h>
#include <ATen/core/Reduction.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "binding/devices.h"
#include "binding/dtype.h"
#include "binding/errors.h"
#include "binding/show.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type;
}

/// A list of everything but tensors is short; one of a billion holes is an attack on the memory.
constexpr uint32_t kLongestList = 65'536;

uint32_t arrayLength(const Place& place, napi_value value, const char* expected) {
  bool isArray = false;
  napi_is_array(place.env, value, &isArray);
  uint32_t length = 0;
  if (!isArray || napi_get_array_length(place.env, value, &length) != napi_ok ||
      length > kLongestList) {
    place.reject(value, expected);
  }
  return length;
}

napi_value element(const Place& place, napi_value list, uint32_t index) {
  napi_value value = nullptr;
  if (napi_get_element(place.env, list, index, &value) != napi_ok)
    throw Napi::Error::New(place.env);
  return value;
}

}  // namespace

void Place::reject(napi_value value, const std::string& expected) const {
  throw CallError(Code::kInvalidArgument,
                  c10::str(name, " is ", show(env, value), "; expected ", expected), name);
}

bool isNullish(napi_env env, napi_value value) {
  const napi_valuetype type = typeOf(env, value);
  return type == napi_null || type == napi_undefined;
}

at::Tensor toTensor(const Place& place, napi_value value) {
  const TensorHandle* handle = Handle<TensorHandle>::find(place.env, value);
  if (handle == nullptr) place.reject(value, "a Tensor");
  if (handle->disposed()) {
    throw CallError(
        Code::kDisposed,
        c10::str(place.name,
                 " is a tensor that was disposed; keep() it, or return it from its scope"),
        place.name);
  }
  if (handle->busy()) {
    throw CallError(
        Code::kInvalidArgument,
        c10::str(place.name,
                 " belongs to a network that a running fit is changing; wait for the fit"),
        place.name);
  }
  return handle->tensor();
}

std::vector<at::Tensor> toTensors(const Place& place, napi_value value) {
  const uint32_t length = arrayLength(place, value, "an array of Tensors");
  std::vector<at::Tensor> tensors;
  tensors.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    const std::string name = c10::str(place.name, "[", i, "]");
    tensors.push_back(toTensor({place.env, name.c_str()}, element(place, value, i)));
  }
  return tensors;
}

std::vector<BusyFlag> busyFlagsOf(const Place& place, napi_value tensors) {
  std::vector<BusyFlag> flags;
  const uint32_t length = arrayLength(place, tensors, "an array of Tensors");
  for (uint32_t i = 0; i < length; ++i) {
    const TensorHandle* handle = Handle<TensorHandle>::find(place.env, element(place, tensors, i));
    if (handle != nullptr && handle->busyFlag() &&
        std::find(flags.begin(), flags.end(), handle->busyFlag()) == flags.end()) {
      flags.push_back(handle->busyFlag());
    }
  }
  return flags;
}

int64_t toInteger(const Place& place, napi_value value) {
  const napi_valuetype type = typeOf(place.env, value);
  if (type == napi_bigint) {
    int64_t integer = 0;
    bool lossless = false;
    if (napi_get_value_bigint_int64(place.env, value, &integer, &lossless) == napi_ok && lossless) {
      return integer;
    }
  } else if (type == napi_number) {
    double number = 0;
    napi_get_value_double(place.env, value, &number);
    constexpr double kLargestSafe = 9007199254740991.0;
    if (std::trunc(number) == number && std::abs(number) <= kLargestSafe) {
      return static_cast<int64_t>(number);
    }
  }
  place.reject(value, "a whole number");
}

double toDouble(const Place& place, napi_value value) {
  if (typeOf(place.env, value) != napi_number) place.reject(value, "a number");
  double number = 0;
  napi_get_value_double(place.env, value, &number);
  return number;
}

bool toBool(const Place& place, napi_value value) {
  if (typeOf(place.env, value) != napi_boolean) place.reject(value, "true or false");
  bool result = false;
  napi_get_value_bool(place.env, value, &result);
  return result;
}

std::string toText(const Place& place, napi_value value) {
  if (typeOf(place.env, value) != napi_string) place.reject(value, "a string");
  return Napi::String(place.env, value).Utf8Value();
}

at::Scalar toScalar(const Place& place, napi_value value) {
  switch (typeOf(place.env, value)) {
    case napi_boolean:
      return toBool(place, value);
    case napi_bigint:
      return toInteger(place, value);
    case napi_number: {
      const double number = toDouble(place, value);
      // JavaScript does not tell 2 from 2.0. Whole numbers are integers, so that integer tensors
      // stay so; -0 is no integer.
      constexpr double kLargestSafe = 9007199254740991.0;
      const bool whole = std::trunc(number) == number && std::abs(number) <= kLargestSafe &&
                         !(number == 0.0 && std::signbit(number));
      if (whole) return static_cast<int64_t>(number);
      return number;
    }
    default:
      place.reject(value, "a number, a bigint or a boolean");
  }
}

Napi::Array makeShape(Napi::Env env, at::IntArrayRef shape) {
  const Napi::Array array = Napi::Array::New(env, shape.size());
  for (uint32_t i = 0; i < shape.size(); ++i) array.Set(i, static_cast<double>(shape[i]));
  return array;
}

Napi::Float64Array makeNumbers(Napi::Env env, at::ArrayRef<double> numbers) {
  Napi::Float64Array array = Napi::Float64Array::New(env, numbers.size());
  std::ranges::copy(numbers, array.Data());
  return array;
}

Napi::Float64Array makeNumbers(Napi::Env env, const at::Tensor& tensor) {
  return makeNumbers(env, at::ArrayRef<double>(tensor.const_data_ptr<double>(), tensor.numel()));
}

Napi::Array makeFlags(Napi::Env env, const std::vector<bool>& flags) {
  const Napi::Array array = Napi::Array::New(env, flags.size());
  for (uint32_t i = 0; i < flags.size(); ++i) array.Set(i, static_cast<bool>(flags[i]));
  return array;
}

Operand operandOf(const at::Scalar& number) { return {at::native::wrapped_scalar_tensor(number)}; }

Operand toOperand(const Place& place, napi_value value) {
  switch (typeOf(place.env, value)) {
    case napi_boolean:
    case napi_bigint:
    case napi_number:
      return operandOf(toScalar(place, value));
    default:
      if (Handle<TensorHandle>::find(place.env, value) == nullptr) {
        place.reject(value, "a Tensor or a number");
      }
      return {toTensor(place, value)};
  }
}

std::vector<int64_t> toIntegers(const Place& place, napi_value value) {
  const uint32_t length = arrayLength(place, value, "an array of whole numbers");
  std::vector<int64_t> integers;
  integers.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    const std::string name = c10::str(place.name, "[", i, "]");
    integers.push_back(toInteger({place.env, name.c_str()}, element(place, value, i)));
  }
  return integers;
}

Sizes toSizes(const Place& place, napi_value value) {
  bool isArray = false;
  napi_is_array(place.env, value, &isArray);
  if (isArray) return {toIntegers(place, value)};
  const napi_valuetype type = typeOf(place.env, value);
  if (type != napi_number && type != napi_bigint) {
    place.reject(value, "a whole number or an array of them");
  }
  return {{toInteger(place, value)}};
}

at::ScalarType toDtype(const Place& place, napi_value value) {
  if (typeOf(place.env, value) == napi_string) {
    if (const auto type = dtypeOf(toText(place, value))) return *type;
  }
  place.reject(value, kDtypeNames);
}

at::Device toDevice(const Place& place, napi_value value) {
  if (typeOf(place.env, value) != napi_string) {
    place.reject(value, "'cpu', 'cuda' or 'cuda:<number>'");
  }
  return parseDevice(place.name, toText(place, value));
}

at::Generator toGenerator(const Place& place, napi_value value) {
  const GeneratorHandle* handle = Handle<GeneratorHandle>::find(place.env, value);
  if (handle == nullptr) place.reject(value, "a Generator");
  return handle->generator;
}

Reduction toReduction(const Place& place, napi_value value) {
  if (typeOf(place.env, value) == napi_string) {
    const std::string name = toText(place, value);
    if (name == "none") return {at::Reduction::None};
    if (name == "mean") return {at::Reduction::Mean};
    if (name == "sum") return {at::Reduction::Sum};
  }
  place.reject(value, "'none', 'mean' or 'sum'");
}

}  // namespace fewsound::binding
