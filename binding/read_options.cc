#include "binding/read_options.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "binding/dtype.h"
#include "binding/errors.h"

namespace fewsound::binding {
namespace {

/// Reads one object; options within it are read by another reader, whose names begin with theirs.
class Reader : public OptionVisitor {
 public:
  /// `known`: names in the object beside its fields.
  Reader(const Napi::Object& object, std::string prefix, std::vector<std::string> known = {})
      : object_(object), prefix_(std::move(prefix)), names_(std::move(known)) {}

  /// To be called after all fields.
  void refuseOthers() const {
    const Napi::Array given = object_.GetPropertyNames();
    for (uint32_t i = 0; i < given.Length(); ++i) {
      const std::string name = given.Get(i).ToString().Utf8Value();
      if (std::ranges::find(names_, name) != names_.end()) continue;
      const std::string path = prefix_ + name.substr(0, kLongestName);
      throw CallError(Code::kInvalidArgument,
                      c10::str("there is no option ", path, "; expected ", c10::Join(", ", names_)),
                      path);
    }
  }

 protected:
  void whole(const Field& field, std::optional<int64_t>& value, const Whole& check) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      value = wholeIn(path, given, check);
    });
  }
  void real(const Field& field, std::optional<double>& value, const Real& check) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      value = realIn(path, given, check);
    });
  }
  void flag(const Field& field, bool& value) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      value = toBool(Place{env(), path.c_str()}, given);
    });
  }
  void wholes(const Field& field, std::vector<int64_t>& values, const Wholes& check) override {
    takeList(field, check.length, values, [&](const std::string& path, const Napi::Value& given) {
      return wholeIn(path, given, check.each);
    });
  }
  void reals(const Field& field, std::vector<double>& values, const Reals& check) override {
    takeList(field, check.length, values, [&](const std::string& path, const Napi::Value& given) {
      return realIn(path, given, check.each);
    });
  }
  void range(const Field& field, Range& value) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      if (given.IsArray() && given.As<Napi::Array>().Length() == 2) {
        const Napi::Value lower = given.As<Napi::Array>().Get(uint32_t{0});
        const Napi::Value upper = given.As<Napi::Array>().Get(uint32_t{1});
        if (lower.IsNumber() && upper.IsNumber()) {
          value = {lower.As<Napi::Number>(), upper.As<Napi::Number>()};
          if (value.isValid()) return;
        }
      }
      reject(path, given, Range::kExpected);
    });
  }
  void choice(const Field& field, size_t& index, const Choice& check) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      const auto found = std::ranges::find(check.names, textIn(given));
      if (found == check.names.end()) reject(path, given, check.expected());
      index = static_cast<size_t>(found - check.names.begin());
    });
  }
  void dtype(const Field& field, at::ScalarType& value) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      const auto found = dtypeOf(textIn(given));
      if (!found || !isModelDtype(*found)) reject(path, given, kModelDtypes);
      value = *found;
    });
  }
  void device(const Field& field, at::Device& value) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      value = toDevice(Place{env(), path.c_str()}, given);
    });
  }
  void ofKind(const Field& field, OptionsOfKind& value) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      const Napi::Object object = objectIn(path, given);
      const Napi::Value kind = object.Get("kind");
      const char* const usual = value.usualKind();
      const bool usualOne = isNullish(env(), kind) && usual != nullptr;
      if (!value.choose(usualOne ? usual : textIn(kind))) {
        reject(path + ".kind", kind, oneOf(value.kinds()));
      }
      Reader inner(object, path + ".", {"kind"});
      value.visitFields(inner);
      inner.refuseOthers();
    });
  }
  void group(const Field& field, const std::function<void(OptionVisitor&)>& visitFields) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      Reader inner(objectIn(path, given), path + ".");
      visitFields(inner);
      inner.refuseOthers();
    });
  }
  void structs(const Field& field, const Structs& list) override {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      const Napi::Array array = arrayIn(path, given, list.length);
      // Once: reading an element may change it.
      const uint32_t count = array.Length();
      list.resize(count);
      for (uint32_t i = 0; i < count; ++i) {
        const std::string element = c10::str(path, ".", i);
        Reader inner(objectIn(element, array.Get(i)), element + ".");
        list.visit(inner, i);
        inner.refuseOthers();
      }
    });
  }

 private:
  static constexpr size_t kLongestName = 40;

  Napi::Env env() const { return object_.Env(); }

  [[noreturn]] void reject(const std::string& path, napi_value given,
                           const std::string& expected) const {
    Place{env(), path.c_str()}.reject(given, expected);
  }

  /// Reads the field where it is given.
  template <class Read>
  void take(const Field& field, const Read& read) {
    names_.emplace_back(field.name);
    const Napi::Value given = object_.Get(field.name);
    const std::string path = prefix_ + field.name;
    if (!isNullish(env(), given)) return read(path, given);
    if (field.required) throw CallError(Code::kInvalidArgument, path + " is missing", path);
  }

  template <class Values, class Read>
  void takeList(const Field& field, const Length& length, Values& values, const Read& read) {
    take(field, [&](const std::string& path, const Napi::Value& given) {
      const Napi::Array array = arrayIn(path, given, length);
      // Once: reading an element may change it.
      const uint32_t count = array.Length();
      values.clear();
      for (uint32_t i = 0; i < count; ++i) {
        values.push_back(read(c10::str(path, ".", i), array.Get(i)));
      }
    });
  }

  int64_t wholeIn(const std::string& path, const Napi::Value& given, const Whole& check) const {
    if (given.IsNumber()) {
      const double number = given.As<Napi::Number>();
      if (std::trunc(number) == number && std::abs(number) <= static_cast<double>(kLargestWhole) &&
          check.accepts(static_cast<int64_t>(number))) {
        return static_cast<int64_t>(number);
      }
    }
    reject(path, given, check.expected());
  }

  double realIn(const std::string& path, const Napi::Value& given, const Real& check) const {
    if (given.IsNumber() && check.accepts(given.As<Napi::Number>().DoubleValue())) {
      return given.As<Napi::Number>();
    }
    reject(path, given, check.expected());
  }

  /// Empty for what is no text.
  static std::string textIn(const Napi::Value& given) {
    return given.IsString() ? given.As<Napi::String>().Utf8Value() : std::string();
  }

  Napi::Object objectIn(const std::string& path, const Napi::Value& given) const {
    if (!given.IsObject() || given.IsArray()) reject(path, given, "an object of options");
    return given.As<Napi::Object>();
  }

  Napi::Array arrayIn(const std::string& path, const Napi::Value& given,
                      const Length& length) const {
    if (!given.IsArray() || !length.accepts(given.As<Napi::Array>().Length())) {
      reject(path, given, length.expected());
    }
    return given.As<Napi::Array>();
  }

  Napi::Object object_;
  std::string prefix_;
  std::vector<std::string> names_;
};

}  // namespace

void readFields(napi_env env, napi_value object, const char* what,
                const std::function<void(OptionVisitor& visit)>& visitFields) {
  const Napi::Value value(env, object);
  if (!value.IsObject()) Place{env, what}.reject(object, "an object of options");
  Reader reader(value.As<Napi::Object>(), {});
  visitFields(reader);
  reader.refuseOthers();
}

}  // namespace fewsound::binding
