#include <cmath>
#include <string>

#include "binding/dtype.h"
#include "binding/errors.h"
#include "binding/register.h"
#include "native/audio/pitch/pitch.h"
#include "native/nn/hyper/hyper_model.h"
#include "native/nn/networks.h"
#include "native/nn/waveform/waveform_classifier.h"
#include "native/options/fields.h"
#include "native/train/fitter.h"

namespace fewsound::binding {
namespace {

/// Describes every field as a plain object.
class Describer : public OptionVisitor {
 public:
  explicit Describer(Napi::Env env) : env_(env), fields_(Napi::Array::New(env)) {}

  Napi::Array fields() const { return fields_; }

  /// Sets the defaults of all fields that have one, by their names.
  void copyDefaults(Napi::Object& to) const {
    for (uint32_t i = 0; i < fields_.Length(); ++i) {
      const Napi::Object row = fields_.Get(i).As<Napi::Object>();
      if (row.Has("default")) to.Set(row.Get("name"), row.Get("default"));
    }
  }

 protected:
  void whole(const Field& field, std::optional<int64_t>& value, const Whole& check) override {
    Napi::Object row = add(field, "whole", check.expected());
    limit(row, check);
    if (value) row.Set("default", static_cast<double>(*value));
  }
  void real(const Field& field, std::optional<double>& value, const Real& check) override {
    Napi::Object row = add(field, "real", check.expected());
    limit(row, check);
    if (value) row.Set("default", *value);
  }
  void flag(const Field& field, bool& value) override {
    add(field, "flag", "true or false").Set("default", value);
  }
  void wholes(const Field& field, std::vector<int64_t>& values, const Wholes& check) override {
    numbers(add(field, "wholes", check.length.expected()), values, check);
  }
  void reals(const Field& field, std::vector<double>& values, const Reals& check) override {
    numbers(add(field, "reals", check.length.expected()), values, check);
  }
  void range(const Field& field, Range& value) override {
    add(field, "range", Range::kExpected)
        .Set("default", list(std::array{value.lower, value.upper}));
  }
  void choice(const Field& field, size_t& index, const Choice& check) override {
    Napi::Object row = add(field, "choice", check.expected());
    row.Set("names", names(check.names));
    row.Set("default", check.names[index]);
  }
  void dtype(const Field& field, at::ScalarType& value) override {
    add(field, "dtype", kModelDtypes).Set("default", dtypeName(value));
  }
  void device(const Field& field, at::Device& value) override {
    add(field, "device", "'cpu', 'cuda' or 'cuda:N'").Set("default", value.str());
  }
  void ofKind(const Field& field, OptionsOfKind& value) override {
    const std::vector<const char*> kinds = value.kinds();
    Napi::Object row = add(field, "kind", oneOf(kinds));
    row.Set("names", names(kinds));
    if (value.usualKind() != nullptr) row.Set("usual", value.usualKind());
    Describer inner(env_);
    value.visitFields(inner);
    Napi::Object byDefault = Napi::Object::New(env_);
    byDefault.Set("kind", value.kind());
    inner.copyDefaults(byDefault);
    row.Set("default", byDefault);
  }
  void group(const Field& field, const std::function<void(OptionVisitor&)>& visitFields) override {
    Describer inner(env_);
    visitFields(inner);
    add(field, "group", "an object of options").Set("fields", inner.fields());
  }
  void structs(const Field& field, const Structs& given) override {
    Napi::Object row = add(field, "list", given.length.expected());
    bound(row, given.length);
    Describer element(env_);
    given.visit(element, given.count);
    row.Set("fields", element.fields());
    const Napi::Array defaults = Napi::Array::New(env_);
    for (uint32_t i = 0; i < given.count; ++i) {
      Describer inner(env_);
      given.visit(inner, i);
      Napi::Object values = Napi::Object::New(env_);
      inner.copyDefaults(values);
      defaults.Set(i, values);
    }
    row.Set("default", defaults);
  }

 private:
  Napi::Object add(const Field& field, const char* type, const std::string& expected) {
    Napi::Object row = Napi::Object::New(env_);
    row.Set("name", field.name);
    row.Set("type", type);
    row.Set("expected", expected);
    row.Set("meaning", field.meaning);
    if (field.source != nullptr) row.Set("source", field.source);
    if (field.required) row.Set("required", true);
    if (!field.kinds.empty()) row.Set("kinds", names(field.kinds));
    if (field.flag) {
      Napi::Object flag = Napi::Object::New(env_);
      if (field.flag->name != nullptr) flag.Set("name", field.flag->name);
      if (field.flag->value != nullptr) flag.Set("value", field.flag->value);
      if (field.flag->help != nullptr) flag.Set("help", field.flag->help);
      row.Set("flag", flag);
    }
    fields_.Set(fields_.Length(), row);
    return row;
  }

  static void limit(Napi::Object& row, const Whole& check) {
    row.Set("least", static_cast<double>(check.least));
    row.Set("most", static_cast<double>(check.most));
    if (check.multiple != 1) row.Set("multiple", static_cast<double>(check.multiple));
  }
  static void limit(Napi::Object& row, const Real& check) {
    if (std::isfinite(check.least)) row.Set(check.above ? "above" : "least", check.least);
    if (std::isfinite(check.most)) row.Set(check.below ? "below" : "most", check.most);
  }
  static void bound(Napi::Object& row, const Length& length) {
    row.Set("shortest", static_cast<double>(length.least));
    row.Set("longest", static_cast<double>(length.most));
  }

  template <class Values, class Check>
  void numbers(Napi::Object row, const Values& values, const Check& check) const {
    Napi::Object each = Napi::Object::New(env_);
    each.Set("expected", check.each.expected());
    limit(each, check.each);
    row.Set("each", each);
    bound(row, check.length);
    row.Set("default", list(values));
  }

  template <class Values>
  Napi::Array list(const Values& values) const {
    const Napi::Array array = Napi::Array::New(env_, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, static_cast<double>(values[i]));
    return array;
  }

  Napi::Array names(std::span<const char* const> texts) const {
    const Napi::Array array = Napi::Array::New(env_, texts.size());
    for (uint32_t i = 0; i < texts.size(); ++i) array.Set(i, texts[i]);
    return array;
  }

  Napi::Env env_;
  Napi::Array fields_;
};

/// optionTables(): {options, family?, kind?, fields}[], a row for each structure and each kind.
class Tables {
 public:
  explicit Tables(Napi::Env env) : env_(env), tables_(Napi::Array::New(env)) {}

  /// `options`: what they are called in TypeScript.
  template <class Options>
  void add(const char* options) {
    Options defaults;
    append(options, [&](OptionVisitor& visit) { fields(visit, defaults); });
  }

  /// A table for each kind of a product, with what every model has.
  template <class AnyOfThem>
  void addKinds(const char* family) {
    for (const auto& row : AnyOfThem::rows()) {
      AnyOfThem options(row);
      Napi::Object table = append(row.options, [&](OptionVisitor& visit) {
        options.visitFields(visit);
        if (ModelOptions* const common = options.common()) fields(visit, *common);
      });
      table.Set("family", family);
      table.Set("kind", row.name);
    }
  }

  Napi::Array tables() const { return tables_; }

 private:
  Napi::Object append(const char* options,
                      const std::function<void(OptionVisitor& visit)>& visitFields) {
    Describer describer(env_);
    visitFields(describer);
    Napi::Object table = Napi::Object::New(env_);
    table.Set("options", options);
    table.Set("fields", describer.fields());
    tables_.Set(tables_.Length(), table);
    return table;
  }

  Napi::Env env_;
  Napi::Array tables_;
};

Napi::Value optionTables(const Napi::CallbackInfo& info) {
  Tables all(info.Env());
  all.addKinds<AnyInrOptions>("network");
  all.addKinds<AnyHyperModelOptions>("hypernetwork");
  all.addKinds<AnyEncoderOptions>("encoder");
  all.addKinds<AnyClassifierOptions>("classifier");
  // Those of training and of measurements belong to no kind.
  all.add<FitterOptions>("FitFields");
  all.add<PitchOptions>("PitchOptions");
  return all.tables();
}

}  // namespace

void exposeOptionTables(const Napi::Object& exports) {
  expose<optionTables>(exports, "optionTables");
}

}  // namespace fewsound::binding
