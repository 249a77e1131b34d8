#pragma once

#include <napi.h>

namespace fewsound::binding {

/// exports.callOperator('aten::name.overload', arguments): any ATen operator, through the
/// dispatcher.
void exposeCallOperator(const Napi::Object& exports);

}  // namespace fewsound::binding
