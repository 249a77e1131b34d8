#pragma once

#include <napi.h>

namespace fewsound::binding {

/// Spline bases and mel filterbanks.
void exposeBases(const Napi::Object& exports);

}  // namespace fewsound::binding
