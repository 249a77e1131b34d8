#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "binding/convert.h"

namespace fewsound::binding {

/// Fills a C++ options structure from the fields of a JavaScript object; a field that is not there
/// keeps its default.
class OptionReader {
 public:
  OptionReader(napi_env env, napi_value object, const char* what);

  void read(const char* name, int64_t& into) const { readWith(name, into, toInteger); }
  void read(const char* name, double& into) const { readWith(name, into, toDouble); }
  void read(const char* name, bool& into) const { readWith(name, into, toBool); }
  void read(const char* name, std::string& into) const { readWith(name, into, toText); }
  void read(const char* name, std::vector<int64_t>& into) const {
    readWith(name, into, toIntegers);
  }
  void read(const char* name, at::ScalarType& into) const { readWith(name, into, toDtype); }
  void read(const char* name, std::optional<double>& into) const { readWith(name, into, toDouble); }
  void read(const char* name, std::optional<uint64_t>& into) const {
    readWith(name, into, toInteger);
  }
  void read(const char* name, int& into) const { readWith(name, into, toInteger); }

 private:
  template <class T, class Convert>
  void readWith(const char* name, T& into, Convert convert) const {
    const Napi::Value value = object_.Get(name);
    if (!isNullish(object_.Env(), value)) into = convert(Place{object_.Env(), name}, value);
  }

  Napi::Object object_;
};

}  // namespace fewsound::binding
