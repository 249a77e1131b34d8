#pragma once

#include <napi.h>

namespace fewsound::binding {

/// exports.createFilterResponses and exports.listen.
void exposeAnalysis(const Napi::Object& exports);

}  // namespace fewsound::binding
