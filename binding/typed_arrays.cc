#include "binding/typed_arrays.h"

namespace fewsound::binding {

ArrayView viewOf(const Place& place, napi_value value, bool isSingle) {
  bool isTypedArray = false;
  napi_is_typedarray(place.env, value, &isTypedArray);
  napi_typedarray_type type = napi_int8_array;
  ArrayView view{nullptr, 0};
  if (!isTypedArray ||
      napi_get_typedarray_info(place.env, value, &type, &view.length, &view.data, nullptr,
                               nullptr) != napi_ok ||
      type != (isSingle ? napi_float32_array : napi_float64_array)) {
    place.reject(value, isSingle ? "a Float32Array" : "a Float64Array");
  }
  return view;
}

c10::ArrayRef<float> samplesIn(const Place& place, napi_value value) {
  const ArrayView view = viewOf(place, value, true);
  return {static_cast<const float*>(view.data), view.length};
}

}  // namespace fewsound::binding
