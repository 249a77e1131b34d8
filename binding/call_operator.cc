#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include <algorithm>
#include <array>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/register.h"
#include "binding/show.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

using c10::IValue;
using c10::TypeKind;

constexpr std::string_view kNamespace = "aten::";

/// What a schema says of an argument; in `real` an enumeration is told from an integer.
struct Slot {
  c10::TypePtr type;
  c10::TypePtr real;
};

bool isList(napi_env env, napi_value value) {
  bool isArray = false;
  napi_is_array(env, value, &isArray);
  return isArray;
}

[[noreturn]] void unsupported(const Place& place, const Slot& slot) {
  throw CallError(Code::kInvalidArgument,
                  c10::str(place.name, " has the type ", slot.real->str(),
                           ", which callOperator does not pass; leave it out or give null where it "
                           "is optional"),
                  place.name);
}

/// A number where a list of numbers is declared with a fixed length stands for that many.
std::vector<int64_t> integersFor(const Place& place, napi_value value,
                                 const std::optional<int32_t>& length) {
  if (isList(place.env, value) || !length) return toIntegers(place, value);
  return std::vector<int64_t>(*length, toInteger(place, value));
}

IValue listArgument(const Place& place, napi_value value, const c10::ListTypePtr& list,
                    const std::optional<int32_t>& length, const Slot& slot) {
  const c10::TypePtr element = list->getElementType();
  switch (element->kind()) {
    case TypeKind::TensorType:
      return c10::List<at::Tensor>(toTensors(place, value));
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return c10::List<int64_t>(integersFor(place, value, length));
    default:
      break;
  }
  if (!isList(place.env, value)) place.reject(value, "an array");
  const Napi::Array given(place.env, value);
  if (given.Length() > 65'536) place.reject(value, "an array of at most 65536 elements");
  switch (element->kind()) {
    case TypeKind::FloatType: {
      c10::List<double> numbers;
      for (uint32_t i = 0; i < given.Length(); ++i) {
        numbers.push_back(toDouble(place, Napi::Value(given[i])));
      }
      return numbers;
    }
    case TypeKind::BoolType: {
      c10::List<bool> flags;
      for (uint32_t i = 0; i < given.Length(); ++i) {
        flags.push_back(toBool(place, Napi::Value(given[i])));
      }
      return flags;
    }
    case TypeKind::OptionalType: {
      if (element->expectRef<c10::OptionalType>().getElementType()->kind() !=
          TypeKind::TensorType) {
        unsupported(place, slot);
      }
      c10::List<std::optional<at::Tensor>> tensors;
      for (uint32_t i = 0; i < given.Length(); ++i) {
        tensors.push_back(Convert<std::optional<at::Tensor>>::from(place, Napi::Value(given[i])));
      }
      return tensors;
    }
    default:
      unsupported(place, slot);
  }
}

IValue argument(const Place& place, napi_value value, const Slot& slot,
                const std::optional<int32_t>& length) {
  if (const auto optional = slot.type->cast<c10::OptionalType>()) {
    if (isNullish(place.env, value)) return {};
    const auto real = slot.real->cast<c10::OptionalType>();
    return argument(
        place, value,
        {optional->getElementType(), real ? real->getElementType() : optional->getElementType()},
        length);
  }
  switch (slot.real->kind()) {
    case TypeKind::ScalarTypeType:
      return static_cast<int64_t>(toDtype(place, value));
    case TypeKind::LayoutType:
    case TypeKind::MemoryFormatType:
      unsupported(place, slot);
    default:
      break;
  }
  switch (slot.type->kind()) {
    case TypeKind::TensorType:
      return toTensor(place, value);
    case TypeKind::NumberType:
      return toScalar(place, value);
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return toInteger(place, value);
    case TypeKind::FloatType:
      return toDouble(place, value);
    case TypeKind::BoolType:
      return toBool(place, value);
    case TypeKind::StringType:
      return toText(place, value);
    case TypeKind::DeviceObjType:
      return toDevice(place, value);
    case TypeKind::GeneratorType:
      return toGenerator(place, value);
    case TypeKind::ListType:
      return listArgument(place, value, slot.type->expect<c10::ListType>(), length, slot);
    default:
      unsupported(place, slot);
  }
}

Napi::Value integer(napi_env env, int64_t value) {
  constexpr int64_t kLargestSafe = 9'007'199'254'740'991;
  if (value < -kLargestSafe || value > kLargestSafe) {
    throw CallError(Code::kInvalidArgument,
                    c10::str("the result, ", value, ", is too large to be exact as a number"));
  }
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value result(napi_env env, const IValue& value) {
  const Napi::Env napi(env);
  if (value.isNone()) return napi.Null();
  if (value.isTensor()) {
    return value.toTensor().defined() ? makeTensor(env, value.toTensor()) : napi.Null();
  }
  if (value.isInt()) return integer(env, value.toInt());
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isScalar() && !value.toScalar().isComplex()) {
    return Napi::Number::New(env, value.toScalar().toDouble());
  }
  if (value.isList()) {
    const Napi::Array list = Napi::Array::New(env);
    for (const IValue& element : value.toListRef()) list.Set(list.Length(), result(env, element));
    return list;
  }
  throw CallError(Code::kOperator, c10::str("the result is a ", value.tagKind(),
                                            ", which has no counterpart in JavaScript"));
}

/// Operators that trust their callers: wrong sizes make them read or write out of bounds. They are
/// the parts that PyTorch builds its public operators from, and variants that write into a tensor
/// given for the result.
bool trustsItsCaller(const std::string& base, const c10::FunctionSchema& schema) {
  constexpr std::array<std::string_view, 16> kFamilies{
      "_backward", "native_", "quantize", "fbgemm_", "mkldnn_", "cudnn_",      "miopen_", "sparse",
      "unsafe",    "fused_",  "_jvp",     "sym_",    "qparams", "batch_norm_", "resize",  "set_"};
  const std::string_view name = std::string_view(base).substr(kNamespace.size());
  if (name.front() == '_') return true;
  // With NaN, MKL's routine crashes and the sampling never ends; a mapped file crashes the process
  // when it shrinks. Two index by what is in a tensor, and do not look at it.
  constexpr std::array<std::string_view, 5> kUnchecked{"linalg_eigvals", "binomial", "from_file",
                                                       "ctc_loss", "segment_reduce"};
  if (std::find(kUnchecked.begin(), kUnchecked.end(), name) != kUnchecked.end()) return true;
  const auto contains = [&](std::string_view part) { return name.find(part) != name.npos; };
  return std::any_of(kFamilies.begin(), kFamilies.end(), contains) ||
         std::any_of(schema.arguments().begin(), schema.arguments().end(),
                     [](const c10::Argument& argument) { return argument.is_out(); });
}

c10::OperatorHandle findOperator(const std::string& name) {
  if (name.rfind(kNamespace, 0) != 0 || name.size() == kNamespace.size() || name.size() > 200) {
    throw CallError(Code::kInvalidArgument,
                    "the name is \"" + name.substr(0, 60) +
                        "\"; expected 'aten::name' or 'aten::name.overload'",
                    "name");
  }
  const size_t dot = name.find('.');
  const std::string base = name.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
  const auto found = c10::Dispatcher::singleton().findSchema({base, overload});
  if (!found) {
    std::string overloads;
    for (const auto& other : c10::Dispatcher::singleton().getAllOpNames()) {
      if (other.name == base) {
        overloads += (overloads.empty() ? "" : ", ") + toString(other);
      }
    }
    throw CallError(Code::kInvalidArgument,
                    overloads.empty()
                        ? "there is no operator \"" + name + "\""
                        : "\"" + name + "\" has no such overload; there are " + overloads,
                    "name");
  }
  if (trustsItsCaller(base, found->schema())) {
    throw CallError(Code::kInvalidArgument,
                    "\"" + name +
                        "\" is one of PyTorch's inner operators, which do not check their "
                        "arguments; use the public operator that is built on it",
                    "name");
  }
  // Optimizers and recorded operations go by the sizes and strides that their tensors had.
  if (found->hasTag(at::Tag::inplace_view)) {
    throw CallError(Code::kInvalidArgument,
                    "\"" + name +
                        "\" changes what its tensor is instead of the numbers in it; use the "
                        "operator that returns a new one",
                    "name");
  }
  return *found;
}

/// callOperator(name, [arguments…]): positional, in the order of the schema
Napi::Value callOperator(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const std::string name = toText({env, "name"}, info[0]);
  if (!isList(env, info[1])) Place{env, "arguments"}.reject(info[1], "an array");
  const c10::OperatorHandle op = findOperator(name);
  const c10::FunctionSchema& schema = op.schema();
  const Napi::Array given(env, info[1]);
  const auto& parameters = schema.arguments();
  if (given.Length() > parameters.size()) {
    throw CallError(Code::kInvalidArgument,
                    c10::str("takes ", parameters.size(), " arguments, but ", given.Length(),
                             " are given. Its schema: ", schema),
                    "arguments");
  }
  torch::jit::Stack stack;
  for (uint32_t i = 0; i < parameters.size(); ++i) {
    const c10::Argument& parameter = parameters[i];
    const Napi::Value value =
        i < given.Length() ? Napi::Value(given[i]) : Napi::Env(env).Undefined();
    if (value.IsUndefined() && parameter.default_value()) {
      stack.push_back(*parameter.default_value());
      continue;
    }
    const bool optional = parameter.type()->kind() == TypeKind::OptionalType;
    if (value.IsUndefined() && !optional) {
      throw CallError(Code::kInvalidArgument,
                      c10::str(parameter.name(), " is missing. Its schema: ", schema),
                      parameter.name());
    }
    stack.push_back(argument({env, parameter.name().c_str()}, value,
                             {parameter.type(), parameter.real_type()}, parameter.N()));
  }
  op.callBoxed(stack);
  if (stack.size() == 1) return result(env, stack.front());
  const Napi::Array results = Napi::Array::New(env, stack.size());
  for (uint32_t i = 0; i < stack.size(); ++i) results.Set(i, result(env, stack[i]));
  return results;
}

/// The schema of an operator as PyTorch writes it.
Napi::Value operatorSchema(const Napi::CallbackInfo& info) {
  const c10::OperatorHandle op = findOperator(toText({info.Env(), "name"}, info[0]));
  return Napi::String::New(info.Env(), c10::str(op.schema()));
}

}  // namespace

void exposeCallOperator(const Napi::Object& exports) {
  expose<callOperator>(exports, "callOperator");
  expose<operatorSchema>(exports, "operatorSchema");
}

}  // namespace fewsound::binding
