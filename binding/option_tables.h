#pragma once

#include <napi.h>

namespace fewsound::binding {

/// optionTables(): what options there are, with their limits, defaults, meanings and flags. The
/// TypeScript side is generated from it.
void exposeOptionTables(const Napi::Object& exports);

}  // namespace fewsound::binding
