#include "binding/register.h"

#include "binding/environment.h"
#include "binding/errors.h"
#include "native/memory/memory_guard.h"

namespace fewsound::binding {
namespace {

/// setErrorFactory((code, message, details) => Error)
void setErrorFactory(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) {
    throw CallError(Code::kInvalidArgument, "the factory of errors is no function");
  }
  Environment::of(info.Env()).makeError = Napi::Persistent(info[0].As<Napi::Function>());
}

napi_value registerIn(napi_env env, napi_value value) {
  if (Napi::Env(env).GetInstanceData<Environment>() == nullptr) {
    Napi::Env(env).SetInstanceData(new Environment(env));
  }
  guardMemory();
  const Napi::Object exports(env, value);
  expose<setErrorFactory>(exports, "setErrorFactory");
  exposeProcess(exports);
  exposeTensors(exports);
  exposeAutograd(exports);
  exposeOperators(exports);
  exposeCallOperator(exports);
  exposeOptionTables(exports);
  exposeModels(exports);
  exposeBases(exports);
  exposeTraining(exports);
  exposeTrainers(exports);
  exposeAudio(exports);
  exposeMetrics(exports);
  exposeAnalysis(exports);
  exposeDistributed(exports);
  exposeJobs(exports);
  return value;
}

}  // namespace
}  // namespace fewsound::binding

/// Called by the loader in every JavaScript environment that opens the addon.
extern "C" __attribute__((visibility("default"))) napi_value fewsound_register(napi_env env,
                                                                               napi_value exports) {
  try {
    return fewsound::binding::registerIn(env, exports);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}
