#pragma once

#include <napi.h>

namespace fewsound::binding {

/// The compiled training loop: create, run as a job, its state.
void exposeFitters(const Napi::Object& exports);

}  // namespace fewsound::binding
