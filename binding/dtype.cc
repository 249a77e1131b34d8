#include "binding/dtype.h"

#include <array>

#include "binding/errors.h"

namespace fewsound::binding {
namespace {

struct Dtype {
  at::ScalarType type;
  const char* name;
  napi_typedarray_type array;
};

constexpr std::array<Dtype, 6> kDtypes{{
    {at::kFloat, "float32", napi_float32_array},
    {at::kDouble, "float64", napi_float64_array},
    {at::kLong, "int64", napi_bigint64_array},
    {at::kBool, "bool", napi_uint8_array},
    {at::kComplexFloat, "complex64", napi_float32_array},
    {at::kComplexDouble, "complex128", napi_float64_array},
}};

const Dtype& entry(at::ScalarType type) {
  for (const Dtype& dtype : kDtypes) {
    if (dtype.type == type) return dtype;
  }
  throw CallError(Code::kDtypeMismatch,
                  c10::str("the tensor has dtype ", type, "; supported are ", kDtypeNames));
}

}  // namespace

const char* dtypeName(at::ScalarType type) { return entry(type).name; }

std::optional<at::ScalarType> dtypeOf(std::string_view name) {
  for (const Dtype& dtype : kDtypes) {
    if (name == dtype.name) return dtype.type;
  }
  return std::nullopt;
}

napi_typedarray_type arrayTypeOf(at::ScalarType type) { return entry(type).array; }

const char* arrayName(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "Float32Array";
    case napi_float64_array:
      return "Float64Array";
    case napi_bigint64_array:
      return "BigInt64Array";
    case napi_uint8_array:
      return "Uint8Array";
    default:
      return "typed array of another type";
  }
}

}  // namespace fewsound::binding
