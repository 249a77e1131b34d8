#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {

/// A parameter of an operator: its name, and its default where it may be left out.
struct Parameter {
  Parameter(const char* parameterName) : name(parameterName) {}
  template <class T>
  Parameter(const char* parameterName, T value) : name(parameterName), fallback(defaultOf(value)) {}

  const char* name;
  std::optional<Default> fallback;
  std::string type;  // in TypeScript

 private:
  static Default defaultOf(std::nullptr_t) { return nullptr; }
  static Default defaultOf(bool value) { return value; }
  static Default defaultOf(int value) { return static_cast<int64_t>(value); }
  static Default defaultOf(double value) { return value; }
  static Default defaultOf(const char* value) { return value; }
};

struct Operator;

/// The arguments of one call, in the order of the parameters; null where one is not given.
struct Call {
  const Operator& op;
  napi_env env;
  std::vector<napi_value> values;
};

struct Operator {
  const char* name;
  const char* doc;
  std::vector<Parameter> parameters;
  std::vector<const char*> results;  // names, where there are several
  std::string result;                // in TypeScript
  bool method;                       // of its first parameter
  napi_value (*invoke)(Call& call);
};

/// How a C++ result reaches JavaScript.
template <class R>
struct Result;

template <>
struct Result<at::Tensor> {
  static std::string type() { return "Tensor"; }
  static napi_value make(Call& call, at::Tensor value) {
    return makeTensor(call.env, std::move(value));
  }
};

/// An operator in place gives its first argument back.
template <>
struct Result<void> {
  static std::string type() { return "this"; }
};

template <>
struct Result<std::vector<at::Tensor>> {
  static std::string type() { return "Tensor[]"; }
  static napi_value make(Call& call, std::vector<at::Tensor> values) {
    const Napi::Array list = Napi::Array::New(call.env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) list.Set(i, makeTensor(call.env, values[i]));
    return list;
  }
};

template <class... Tensors>
struct Result<std::tuple<Tensors...>> {
  static std::string type() { return "named"; }
  static napi_value make(Call& call, const std::tuple<Tensors...>& values) {
    const Napi::Object object = Napi::Object::New(call.env);
    size_t i = 0;
    std::apply(
        [&](const auto&... value) {
          (object.Set(call.op.results.at(i++), makeTensor(call.env, value)), ...);
        },
        values);
    return object;
  }
};

template <>
struct Result<bool> {
  static std::string type() { return "boolean"; }
  static napi_value make(Call& call, bool value) { return Napi::Boolean::New(call.env, value); }
};

/// Binds a function from its signature: one conversion for each parameter, one for the result.
template <class Function, class Signature = decltype(&Function::operator())>
struct Binder;

template <class Function, class R, class... Arguments>
struct Binder<Function, R (Function::*)(Arguments...) const> {
  template <class Argument>
  using ConvertOf = Convert<std::remove_cvref_t<Argument>>;

  static constexpr bool kMethod =
      std::is_same_v<std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Arguments..., void>>>,
                     at::Tensor>;

  static std::vector<std::string> types() { return {ConvertOf<Arguments>::type()...}; }
  static std::string result() { return Result<R>::type(); }

  static napi_value invoke(Call& call) {
    return invokeWith(call, std::index_sequence_for<Arguments...>{});
  }

 private:
  template <class Argument>
  static typename ConvertOf<Argument>::Stored get(const Call& call, size_t index) {
    const Parameter& parameter = call.op.parameters[index];
    if (call.values[index] == nullptr) {
      return ConvertOf<Argument>::byDefault(*parameter.fallback);
    }
    return ConvertOf<Argument>::from({call.env, parameter.name}, call.values[index]);
  }

  template <size_t... I>
  static napi_value invokeWith(Call& call, std::index_sequence<I...>) {
    // Braces convert the arguments in their order.
    const std::tuple<typename ConvertOf<Arguments>::Stored...> arguments{
        get<Arguments>(call, I)...};
    if constexpr (std::is_void_v<R>) {
      std::apply(Function{}, arguments);
      return call.values[0];
    } else {
      return Result<R>::make(call, std::apply(Function{}, arguments));
    }
  }
};

/// The one table of operators: what JavaScript can call, and what TypeScript is told of it.
class OperatorTable {
 public:
  /// `function` is a lambda without captures; its signature decides how arguments are converted.
  template <class Function>
  void add(const char* name, const char* doc, std::initializer_list<Parameter> parameters, Function,
           std::initializer_list<const char*> results = {}) {
    using Bound = Binder<Function>;
    add(Operator{name, doc, parameters, results, Bound::result(), Bound::kMethod, Bound::invoke},
        Bound::types());
  }

  const std::vector<std::unique_ptr<Operator>>& operators() const { return operators_; }

 private:
  void add(Operator op, const std::vector<std::string>& types);

  std::vector<std::unique_ptr<Operator>> operators_;
};

/// The table, made once for the process.
const OperatorTable& operatorTable();

void addCreationOperators(OperatorTable& table);
void addArithmeticOperators(OperatorTable& table);
void addElementwiseOperators(OperatorTable& table);
void addComparisonOperators(OperatorTable& table);
void addReductionOperators(OperatorTable& table);
void addShapeOperators(OperatorTable& table);
void addIndexingOperators(OperatorTable& table);
void addLinalgOperators(OperatorTable& table);
void addSpectralOperators(OperatorTable& table);
void addNetworkOperators(OperatorTable& table);
void addLossOperators(OperatorTable& table);
void addRandomOperators(OperatorTable& table);

}  // namespace fewsound::binding
