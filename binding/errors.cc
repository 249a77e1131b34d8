#include "binding/errors.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <array>
#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include "binding/environment.h"
#include "binding/tensor_handle.h"
#include "native/distributed/process_group.h"
#include "native/train/fitter.h"

namespace fewsound::binding {
namespace {

using Shapes = std::vector<std::vector<int64_t>>;

const char* codeName(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case Code::kShapeMismatch:
      return "SHAPE_MISMATCH";
    case Code::kDtypeMismatch:
      return "DTYPE_MISMATCH";
    case Code::kDisposed:
      return "DISPOSED";
    case Code::kDeviceUnavailable:
      return "DEVICE_UNAVAILABLE";
    case Code::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case Code::kDiverged:
      return "DIVERGED";
    case Code::kProcessGroup:
      return "PROCESS_GROUP";
    case Code::kOperator:
      return "OPERATOR";
    case Code::kInternal:
      break;
  }
  return "INTERNAL";
}

struct Failure {
  Code code = Code::kInternal;
  std::string message;
  std::string field;
  c10::Backtrace
      backtrace;  // its text is made when somebody asks: finding the symbols takes milliseconds
};

template <size_t N>
bool mentionsAny(std::string_view message, const std::array<std::string_view, N>& phrases) {
  for (const std::string_view phrase : phrases) {
    if (message.find(phrase) != std::string_view::npos) return true;
  }
  return false;
}

// LibTorch has few exception types; what went wrong is in its words.
constexpr std::array<std::string_view, 4> kMemoryPhrases{"not enough memory", "out of memory",
                                                         "can't allocate memory",
                                                         "Storage size calculation overflowed"};
constexpr std::array<std::string_view, 14> kDtypePhrases{"dtype",
                                                         "scalar type",
                                                         "not implemented for '",
                                                         "can't be cast",
                                                         "data type",
                                                         "result type",
                                                         "Expected floating point",
                                                         "must be floating point",
                                                         "expected m1 and m2 to have the same",
                                                         "a floating point",
                                                         "complex tensor",
                                                         "Long but",
                                                         "for complex inputs",
                                                         "integral"};
constexpr std::array<std::string_view, 13> kShapePhrases{
    "size mismatch", "size of tensor", "shape",     "Sizes of tensors", "sizes",
    "must match",    "broadcast",      "same size", "to have size",     "inconsistent tensor size",
    "Given groups",  "-dimensional",   "D tensor"};

Code classify(std::string_view message, bool withTensors) {
  if (mentionsAny(message, kMemoryPhrases)) return Code::kOutOfMemory;
  if (message.find("INTERNAL ASSERT") != std::string_view::npos) return Code::kInternal;
  if (!withTensors) return Code::kInvalidArgument;
  if (mentionsAny(message, kDtypePhrases)) return Code::kDtypeMismatch;
  if (mentionsAny(message, kShapePhrases)) return Code::kShapeMismatch;
  return Code::kOperator;
}

/// What a person needs: the first line, without the place in LibTorch's source.
std::string firstLine(std::string_view message) {
  std::string_view line = message.substr(0, message.find('\n'));
  constexpr size_t kLongest = 600;
  if (line.size() > kLongest) line = line.substr(0, kLongest);
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.remove_suffix(1);
  return std::string(line);
}

Failure describe(const std::exception_ptr& exception, bool withTensors) {
  try {
    std::rethrow_exception(exception);
  } catch (const CallError& error) {
    return {error.code(), error.what(), error.field(), {}};
  } catch (const DivergedError& error) {
    return {Code::kDiverged, error.what(), {}, {}};
  } catch (const ProcessGroupError& error) {
    return {Code::kProcessGroup, error.what(), {}, {}};
  } catch (const c10::OutOfMemoryError& error) {
    return {Code::kOutOfMemory, firstLine(error.msg()), {}, error.backtrace()};
  } catch (const c10::ValueError& error) {
    return {Code::kInvalidArgument, firstLine(error.msg()), {}, error.backtrace()};
  } catch (const c10::IndexError& error) {
    return {Code::kInvalidArgument, firstLine(error.msg()), {}, error.backtrace()};
  } catch (const c10::Error& error) {
    return {classify(error.msg(), withTensors), firstLine(error.msg()), {}, error.backtrace()};
  } catch (const std::bad_alloc&) {
    return {Code::kOutOfMemory, "not enough memory", {}, {}};
  } catch (const std::exception& error) {
    return {classify(error.what(), withTensors), firstLine(error.what()), {}, {}};
  } catch (...) {
    return {Code::kInternal, "an exception of unknown type", {}, {}};
  }
}

void collectShapes(napi_env env, napi_value value, int depth, Shapes& shapes) {
  if (const TensorHandle* handle = Handle<TensorHandle>::find(env, value)) {
    if (!handle->disposed()) shapes.push_back(handle->tensor().sizes().vec());
    return;
  }
  constexpr uint32_t kMostShown = 16;
  bool isArray = false;
  if (depth == 0 || napi_is_array(env, value, &isArray) != napi_ok || !isArray) return;
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  for (uint32_t i = 0; i < std::min(length, kMostShown); ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env, value, i, &element) != napi_ok) {
      Napi::Env(env).GetAndClearPendingException();
      return;
    }
    collectShapes(env, element, depth - 1, shapes);
  }
}

Napi::Value makeError(napi_env env, const Failure& failure, const char* operatorName,
                      const Shapes& shapes) {
  const Napi::Env napi(env);
  const Napi::Object details = Napi::Object::New(env);
  std::string message = c10::str(operatorName, ": ", failure.message);
  if (!shapes.empty()) {
    const Napi::Array list = Napi::Array::New(env, shapes.size());
    for (uint32_t i = 0; i < shapes.size(); ++i) {
      const Napi::Array shape = Napi::Array::New(env, shapes[i].size());
      for (uint32_t j = 0; j < shapes[i].size(); ++j) {
        shape.Set(j, static_cast<double>(shapes[i][j]));
      }
      list.Set(i, shape);
    }
    details.Set("shapes", list);
    if (failure.code == Code::kShapeMismatch) {
      message += ". Shapes given:";
      for (const auto& shape : shapes) message += c10::str(" [", c10::Join(", ", shape), "]");
    }
  }
  message += '.';
  details.Set("operator", operatorName);
  if (!failure.field.empty()) details.Set("field", failure.field);
  if (failure.backtrace) {
    const auto read = [backtrace = failure.backtrace](const Napi::CallbackInfo& info) {
      return Napi::String::New(info.Env(), backtrace->get());
    };
    details.Set("nativeBacktrace", Napi::Function::New(env, read, "nativeBacktrace"));
  }

  const Napi::String code = Napi::String::New(env, codeName(failure.code));
  const Napi::FunctionReference& factory = Environment::of(env).makeError;
  if (!factory.IsEmpty()) {
    return factory.Value().Call({code, Napi::String::New(env, message), details});
  }
  const Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  return error.Value();
}

}  // namespace

void throwToJavaScript(const Napi::CallbackInfo& info, const char* operatorName) {
  const Napi::Env env = info.Env();
  const std::exception_ptr current = std::current_exception();
  try {
    std::rethrow_exception(current);
  } catch (const Napi::Error&) {
    throw;  // a getter or a callback of the caller's threw: that is theirs to see
  } catch (...) {
    Shapes shapes;
    for (size_t i = 0; i < info.Length(); ++i) collectShapes(env, info[i], 1, shapes);
    throw Napi::Error(env,
                      makeError(env, describe(current, !shapes.empty()), operatorName, shapes));
  }
}

Napi::Value errorFrom(napi_env env, const std::exception_ptr& exception, const char* operatorName) {
  return makeError(env, describe(exception, true), operatorName, {});
}

}  // namespace fewsound::binding
