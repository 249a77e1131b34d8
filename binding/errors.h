#pragma once

#include <napi.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace fewsound::binding {

/// The codes of lib/errors.ts that arise here.
enum class Code {
  kInvalidArgument,
  kShapeMismatch,
  kDtypeMismatch,
  kDisposed,
  kDeviceUnavailable,
  kOutOfMemory,
  kDiverged,
  kProcessGroup,
  kOperator,
  kInternal,
};

/// What the binding itself finds wrong with a call.
class CallError : public std::runtime_error {
 public:
  CallError(Code code, const std::string& message, std::string field = {})
      : std::runtime_error(message), code_(code), field_(std::move(field)) {}

  Code code() const { return code_; }
  const std::string& field() const { return field_; }

 private:
  Code code_;
  std::string field_;
};

/// To be called in a handler: turns the current C++ exception, of whatever kind, into a
/// FewSoundError with the shapes of the tensors among the arguments, and throws that.
[[noreturn]] void throwToJavaScript(const Napi::CallbackInfo& info, const char* operatorName);

/// A FewSoundError for an exception that came from another thread.
Napi::Value errorFrom(napi_env env, const std::exception_ptr& exception, const char* operatorName);

/// A JavaScript function that runs `function` and lets no C++ exception out.
template <auto function>
void expose(const Napi::Object& exports, const char* name) {
  static const char* const staticName = name;
  const Napi::Env env = exports.Env();
  exports.Set(name, Napi::Function::New(
                        env,
                        [](const Napi::CallbackInfo& info) -> Napi::Value {
                          try {
                            if constexpr (std::is_void_v<decltype(function(info))>) {
                              function(info);
                              return info.Env().Undefined();
                            } else {
                              return function(info);
                            }
                          } catch (...) {
                            throwToJavaScript(info, staticName);
                          }
                        },
                        name));
}

}  // namespace fewsound::binding
