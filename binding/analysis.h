#pragma once

#include <napi.h>

namespace fewsound::binding {

/// exports.createFilterResponses, exports.listen and exports.scaleInput.
void exposeAnalysis(const Napi::Object& exports);

}  // namespace fewsound::binding
