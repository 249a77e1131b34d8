#pragma once

#include <napi.h>

#include <functional>

#include "native/options/fields.h"

namespace fewsound::binding {

/// Fills the fields that a function shows from a JavaScript object; what is missing keeps its
/// default. Throws where a value is not what its field takes, or for a name that no field has.
/// `what` says in an error what the object is.
void readFields(napi_env env, napi_value object, const char* what,
                const std::function<void(OptionVisitor& visit)>& visitFields);

/// A structure of options from a JavaScript object.
template <class Options>
Options readOptions(napi_env env, napi_value object, const char* what, Options options = {}) {
  readFields(env, object, what, [&](OptionVisitor& visit) { fields(visit, options); });
  return options;
}

}  // namespace fewsound::binding
