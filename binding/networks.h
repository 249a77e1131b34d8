#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "native/nn/inr.h"

namespace fewsound::binding {

/// A network in JavaScript's hands.
struct NetworkHandle {
  static constexpr napi_type_tag kTag{0xd2740f9be6a14c35, 0x8c53b7e90d16fa42};

  std::shared_ptr<Inr> network;  // null once disposed
  /// Set while a job trains it on another thread.
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
};

/// The network in an argument; throws where it is none, disposed, or in use by a job.
NetworkHandle& networkIn(const Napi::CallbackInfo& info, size_t index);
NetworkHandle& networkIn(napi_env env, napi_value value);

/// Networks: create, forward, parameters, move, dispose; spline bases and mel filterbanks.
void exposeNetworks(const Napi::Object& exports);

}  // namespace fewsound::binding
