#pragma once

#include <napi.h>

#include "binding/model_handle.h"
#include "native/nn/waveform/waveform_classifier.h"

namespace fewsound::binding {

/// A classifier of waveforms in JavaScript's hands.
struct ClassifierHandle : ModelHandle<WaveformClassifier> {
  static constexpr napi_type_tag kTag{0x2c8f41d7b06e935a, 0xe41b7a90d5c2386f};
};

/// The model in an argument; throws where it is none, disposed, or in use by a job.
ClassifierHandle& classifierIn(const Napi::CallbackInfo& info, size_t index);

/// Classifiers of waveforms: create, ask, tensors, move, dispose.
void exposeClassifiers(const Napi::Object& exports);

}  // namespace fewsound::binding
