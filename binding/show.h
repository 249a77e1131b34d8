#pragma once

#include <napi.h>

#include <string>

namespace fewsound::binding {

/// A JavaScript value in a few words, for error messages. Runs none of the caller's code.
std::string show(napi_env env, napi_value value);

}  // namespace fewsound::binding
