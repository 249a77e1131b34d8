#pragma once

#include <napi.h>

namespace fewsound::binding {

/// Tensors from JavaScript's data and back, and what they are.
void exposeTensors(const Napi::Object& exports);

}  // namespace fewsound::binding
