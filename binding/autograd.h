#pragma once

#include <napi.h>

namespace fewsound::binding {

/// backward, gradients, grad and the recording of operations.
void exposeAutograd(const Napi::Object& exports);

}  // namespace fewsound::binding
