#include "binding/option_reader.h"

namespace fewsound::binding {

OptionReader::OptionReader(napi_env env, napi_value object, const char* what) {
  const Napi::Value value(env, object);
  if (!value.IsObject()) Place{env, what}.reject(object, "an object of options");
  object_ = value.As<Napi::Object>();
}

}  // namespace fewsound::binding
