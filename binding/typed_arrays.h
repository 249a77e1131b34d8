#pragma once

#include <c10/util/ArrayRef.h>
#include <napi.h>

#include "binding/convert.h"

namespace fewsound::binding {

struct ArrayView {
  void* data;
  size_t length;
};

/// A Float32Array or Float64Array of JavaScript's, for as long as this call takes.
ArrayView viewOf(const Place& place, napi_value value, bool isSingle);

/// The samples in a Float32Array, for as long as this call takes.
c10::ArrayRef<float> samplesIn(const Place& place, napi_value value);

}  // namespace fewsound::binding
