#pragma once

#include <napi.h>

#include <memory>

#include "binding/ledger.h"
#include "binding/shared_memory.h"

namespace fewsound::binding {

/// What one JavaScript environment (the main thread's, or a worker's) has of its own.
struct Environment {
  explicit Environment(napi_env env)
      : ledger(std::make_shared<Ledger>(env)), sharedMemory(std::make_shared<SharedMemory>(env)) {}

  static Environment& of(napi_env env) { return *Napi::Env(env).GetInstanceData<Environment>(); }

  std::shared_ptr<Ledger> ledger;
  std::shared_ptr<SharedMemory> sharedMemory;
  /// Makes a FewSoundError: (code, message, details) => Error.
  Napi::FunctionReference makeError;
};

}  // namespace fewsound::binding
