#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <vector>

#include "native/nn/hyper/hyper_model.h"

namespace fewsound::binding {

/// A hypernetwork with its encoder in JavaScript's hands.
struct HyperModelHandle {
  static constexpr napi_type_tag kTag{0x7be41d09a35cf286, 0xa18f60c2d97b3e54};

  std::shared_ptr<HyperModel> model;  // null once disposed
  /// Set while a job trains or asks it on another thread.
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);

  std::vector<at::Tensor> parameters() const;
};

/// The model in an argument; throws where it is none, disposed, or in use by a job.
HyperModelHandle& hyperModelIn(const Napi::CallbackInfo& info, size_t index);

/// Models that write networks: create, ask, parameters, move, dispose.
void exposeHyperModels(const Napi::Object& exports);

}  // namespace fewsound::binding
