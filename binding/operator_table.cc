#include "binding/operator_table.h"

#include <algorithm>
#include <cstring>

#include "binding/errors.h"
#include "binding/register.h"
#include "binding/show.h"

namespace fewsound::binding {
namespace {

size_t requiredCount(const Operator& op) {
  return std::count_if(op.parameters.begin(), op.parameters.end(),
                       [](const Parameter& parameter) { return !parameter.fallback; });
}

/// Whether a value is an object of named arguments: an object that no parameter takes as a value.
bool isNamedArguments(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool isArray = false;
  bool isTypedArray = false;
  napi_typeof(env, value, &type);
  napi_is_array(env, value, &isArray);
  napi_is_typedarray(env, value, &isTypedArray);
  return type == napi_object && !isArray && !isTypedArray &&
         Handle<TensorHandle>::find(env, value) == nullptr &&
         Handle<GeneratorHandle>::find(env, value) == nullptr;
}

std::string parameterNames(const Operator& op, size_t from) {
  std::string names;
  for (size_t i = from; i < op.parameters.size(); ++i) {
    names += (names.empty() ? "" : ", ") + std::string(op.parameters[i].name);
  }
  return names;
}

bool isUndefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined;
}

/// Named arguments go to the parameters that may be left out.
void takeNamed(Call& call, napi_value object, size_t required, size_t positional) {
  const Napi::Object named(call.env, object);
  const Napi::Array keys = named.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const Napi::Value keyValue = keys[i];
    const std::string key = keyValue.ToString().Utf8Value();
    const auto& parameters = call.op.parameters;
    const auto found =
        std::find_if(parameters.begin() + static_cast<std::ptrdiff_t>(required), parameters.end(),
                     [&](const Parameter& parameter) { return key == parameter.name; });
    const auto index = static_cast<size_t>(found - parameters.begin());
    if (found == parameters.end()) {
      const std::string names = parameterNames(call.op, required);
      throw CallError(Code::kInvalidArgument,
                      c10::str("there is no argument \"", key.substr(0, 40), "\"; expected ",
                               names.empty() ? "none by name" : names),
                      key);
    }
    if (index < positional && call.values[index] != nullptr) {
      throw CallError(Code::kInvalidArgument, c10::str(key, " is given twice"), key);
    }
    const Napi::Value value = named.Get(key);
    if (!value.IsUndefined()) call.values[index] = value;
  }
}

Call resolve(const Operator& op, const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  Call call{op, env, std::vector<napi_value>(op.parameters.size(), nullptr)};
  const size_t required = requiredCount(op);
  size_t given = info.Length();
  const bool withNamed = given > required && isNamedArguments(env, info[given - 1]);
  if (withNamed) --given;
  if (given > op.parameters.size()) {
    throw CallError(Code::kInvalidArgument,
                    c10::str("takes ", op.parameters.size(), " argument(s) (",
                             parameterNames(op, 0), "), but ", given, " are given"));
  }
  for (size_t i = 0; i < given; ++i) {
    if (!isUndefined(env, info[i])) call.values[i] = info[i];
  }
  for (size_t i = 0; i < required; ++i) {
    if (call.values[i] == nullptr) {
      throw CallError(
          Code::kInvalidArgument,
          c10::str(op.parameters[i].name, " is missing; expected ", op.parameters[i].type),
          op.parameters[i].name);
    }
  }
  if (withNamed) takeNamed(call, info[given], required, given);
  return call;
}

Napi::Value callOperator(const Napi::CallbackInfo& info) {
  const auto* op = static_cast<const Operator*>(info.Data());
  try {
    Call call = resolve(*op, info);
    return {info.Env(), op->invoke(call)};
  } catch (...) {
    throwToJavaScript(info, op->name);
  }
}

std::string show(const Default& value) {
  struct Show {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return c10::str(number); }
    std::string operator()(const char* text) const { return c10::str("'", text, "'"); }
  };
  return std::visit(Show{}, value);
}

/// What a default means in words of TypeScript: `Convert` reads some types' defaults from a number.
std::string defaultText(const Parameter& parameter) {
  if (parameter.type == "DType") return "'float32'";
  if (parameter.type == "Device") return "'cpu'";
  if (parameter.type == "Reduction") {
    constexpr const char* kNames[] = {"'none'", "'mean'", "'sum'"};
    return kNames[std::get<int64_t>(*parameter.fallback)];
  }
  return show(*parameter.fallback);
}

Napi::Value describeOperators(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Array list = Napi::Array::New(env);
  for (const auto& op : operatorTable().operators()) {
    const Napi::Object description = Napi::Object::New(env);
    description.Set("name", op->name);
    description.Set("doc", op->doc);
    description.Set("result", op->result);
    description.Set("method", op->method);
    const Napi::Array results = Napi::Array::New(env);
    for (const char* name : op->results) results.Set(results.Length(), name);
    description.Set("results", results);
    const Napi::Array parameters = Napi::Array::New(env);
    for (const Parameter& parameter : op->parameters) {
      const Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", parameter.name);
      entry.Set("type", parameter.type);
      entry.Set("optional", parameter.fallback.has_value());
      if (parameter.fallback) entry.Set("fallback", defaultText(parameter));
      parameters.Set(parameters.Length(), entry);
    }
    description.Set("parameters", parameters);
    list.Set(list.Length(), description);
  }
  return list;
}

}  // namespace

void OperatorTable::add(Operator op, const std::vector<std::string>& types) {
  TORCH_INTERNAL_ASSERT(types.size() == op.parameters.size(), op.name,
                        " names another number of parameters than it has");
  for (size_t i = 0; i < types.size(); ++i) {
    op.parameters[i].type = types[i];
    TORCH_INTERNAL_ASSERT(op.parameters[i].fallback || i == 0 || !op.parameters[i - 1].fallback,
                          op.name, ": only trailing parameters may have defaults");
  }
  operators_.push_back(std::make_unique<Operator>(std::move(op)));
}

const OperatorTable& operatorTable() {
  static const OperatorTable table = [] {
    OperatorTable made;
    addCreationOperators(made);
    addRandomOperators(made);
    addArithmeticOperators(made);
    addElementwiseOperators(made);
    addComparisonOperators(made);
    addReductionOperators(made);
    addShapeOperators(made);
    addIndexingOperators(made);
    addLinalgOperators(made);
    addSpectralOperators(made);
    addNetworkOperators(made);
    addLossOperators(made);
    return made;
  }();
  return table;
}

void exposeOperators(const Napi::Object& exports) {
  const Napi::Env env = exports.Env();
  const Napi::Object functions = Napi::Object::New(env);
  for (const auto& op : operatorTable().operators()) {
    functions.Set(op->name, Napi::Function::New(env, callOperator, op->name, op.get()));
  }
  exports.Set("operators", functions);
  expose<describeOperators>(exports, "describeOperators");
}

}  // namespace fewsound::binding
