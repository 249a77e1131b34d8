#include "binding/show.h"

#include <c10/util/StringUtil.h>

#include "binding/convert.h"
#include "binding/dtype.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

std::string showNumber(napi_env env, napi_value value) {
  napi_value text = nullptr;
  if (napi_coerce_to_string(env, value, &text) != napi_ok) return "a number";
  return Napi::String(env, text).Utf8Value();
}

std::string showText(napi_env env, napi_value value) {
  constexpr size_t kLongest = 40;
  std::string text = Napi::String(env, value).Utf8Value();
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return "\"" + text + "\"";
}

std::string showObject(napi_env env, napi_value value) {
  if (const TensorHandle* handle = Handle<TensorHandle>::find(env, value)) {
    if (handle->disposed()) return "a disposed Tensor";
    return c10::str("a Tensor ", dtypeName(handle->tensor().scalar_type()), " [",
                    c10::Join(", ", handle->tensor().sizes()), "]");
  }
  if (Handle<GeneratorHandle>::find(env, value) != nullptr) return "a Generator";
  bool matches = false;
  uint32_t length = 0;
  if (napi_is_array(env, value, &matches) == napi_ok && matches &&
      napi_get_array_length(env, value, &length) == napi_ok) {
    return c10::str("an array of ", length);
  }
  if (napi_is_typedarray(env, value, &matches) == napi_ok && matches) return "a typed array";
  if (napi_is_promise(env, value, &matches) == napi_ok && matches) {
    return "a promise (did you forget to await?)";
  }
  return "an object";
}

}  // namespace

std::string show(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return Napi::Boolean(env, value).Value() ? "true" : "false";
    case napi_number:
    case napi_bigint:
      return showNumber(env, value);
    case napi_string:
      return showText(env, value);
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_external:
      return "a foreign object";
    case napi_object:
      break;
  }
  return showObject(env, value);
}

}  // namespace fewsound::binding
