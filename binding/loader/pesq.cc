#include "binding/loader/pesq.h"

#include <dlfcn.h>
#include <unistd.h>

#include <string>

namespace fewsound::loader {
namespace {

using Measure = long (*)(long sampleRate, int wideBand, float* reference, float* degraded,
                         long samples, double* score);

Measure openLibrary(Napi::Env env, const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library != nullptr ? dlsym(library, "fewsound_pesq") : nullptr;
  if (symbol == nullptr) {
    const char* error = dlerror();
    throw Napi::Error::New(env, error != nullptr ? error : "unknown error of dlopen");
  }
  return reinterpret_cast<Measure>(symbol);
}

}  // namespace

Napi::Value measurePesq(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool typed = info.Length() >= 6 && info[0].IsString() && info[1].IsNumber() &&
                     info[2].IsBoolean() && info[3].IsTypedArray() && info[4].IsTypedArray() &&
                     info[5].IsNumber() &&
                     info[3].As<Napi::TypedArray>().TypedArrayType() == napi_float32_array &&
                     info[4].As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
  if (!typed) {
    throw Napi::TypeError::New(
        env, "measurePesq expects a path, a rate, a flag, two Float32Arrays and seconds");
  }
  const auto reference = info[3].As<Napi::Float32Array>();
  const auto degraded = info[4].As<Napi::Float32Array>();
  if (reference.ElementLength() == 0 || reference.ElementLength() != degraded.ElementLength()) {
    throw Napi::RangeError::New(env, "measurePesq expects signals of one length");
  }
  const Measure measure = openLibrary(env, info[0].As<Napi::String>().Utf8Value());
  double score = 0.0;
  alarm(info[5].As<Napi::Number>().Uint32Value());
  const long error = measure(
      static_cast<long>(info[1].As<Napi::Number>().Int64Value()),
      info[2].As<Napi::Boolean>().Value() ? 1 : 0, const_cast<float*>(reference.Data()),
      const_cast<float*>(degraded.Data()), static_cast<long>(reference.ElementLength()), &score);
  alarm(0);
  const Napi::Object result = Napi::Object::New(env);
  result.Set("error", static_cast<double>(error));
  result.Set("score", score);
  return result;
}

}  // namespace fewsound::loader
