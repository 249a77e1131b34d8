#pragma once

#include <napi.h>

namespace fewsound::binding {

/// What concerns the whole process: versions, devices, threads, the random generator, memory.
void exposeProcess(const Napi::Object& exports);

}  // namespace fewsound::binding
