#pragma once

#include <napi.h>

#include <vector>

#include "binding/model_handle.h"
#include "native/nn/hyper/hyper_model.h"

namespace fewsound::binding {

/// A hypernetwork with its encoder in JavaScript's hands.
struct HyperModelHandle : ModelHandle<HyperModel> {
  static constexpr napi_type_tag kTag{0x7be41d09a35cf286, 0xa18f60c2d97b3e54};

  std::vector<at::Tensor> parameters() const;
};

/// The model in an argument; throws where it is none, disposed, or in use by a job.
HyperModelHandle& hyperModelIn(const Napi::CallbackInfo& info, size_t index);

/// Models that write networks: create, ask, parameters, move, dispose.
void exposeHyperModels(const Napi::Object& exports);

}  // namespace fewsound::binding
