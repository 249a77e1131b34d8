#pragma once

#include <node_api.h>

#include "binding/option_reader.h"
#include "native/nn/options.h"

namespace fewsound::binding {

/// Seed and dtype.
void readCommon(const OptionReader& from, InrOptions& into);

/// The options of a network of a kind ('kan', 'nerf', …); what is missing keeps its default.
AnyInrOptions networkOptions(napi_env env, napi_value kind, napi_value options);

}  // namespace fewsound::binding
