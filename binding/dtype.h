#pragma once

#include <c10/core/ScalarType.h>
#include <napi.h>

#include <optional>
#include <string_view>

namespace fewsound::binding {

/// What JavaScript calls a dtype; throws for one that JavaScript does not have.
const char* dtypeName(at::ScalarType type);
std::optional<at::ScalarType> dtypeOf(std::string_view name);

/// Whether tensors of a dtype can have gradients.
inline bool isDifferentiable(at::ScalarType type) {
  return at::isFloatingType(type) || at::isComplexType(type);
}

/// The elements of a typed array that holds numbers of a dtype; complex numbers are two elements
/// each.
napi_typedarray_type arrayTypeOf(at::ScalarType type);
const char* arrayName(napi_typedarray_type type);

inline constexpr const char* kDtypeNames =
    "'float32', 'float64', 'int64', 'bool', 'complex64' or 'complex128'";

}  // namespace fewsound::binding
