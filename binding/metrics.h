#pragma once

#include <napi.h>

namespace fewsound::binding {

/// Metrics that take long: each a job on a thread of its own.
void exposeMetrics(const Napi::Object& exports);

}  // namespace fewsound::binding
