#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <vector>

#include "native/nn/waveform/waveform_classifier.h"

namespace fewsound::binding {

/// A classifier of waveforms in JavaScript's hands.
struct ClassifierHandle {
  static constexpr napi_type_tag kTag{0x2c8f41d7b06e935a, 0xe41b7a90d5c2386f};

  std::shared_ptr<WaveformClassifier> model;  // null once disposed
  /// Set while a job trains or asks it on another thread.
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
};

/// The model in an argument; throws where it is none, disposed, or in use by a job.
ClassifierHandle& classifierIn(const Napi::CallbackInfo& info, size_t index);

/// Classifiers of waveforms: create, ask, tensors, move, dispose.
void exposeClassifiers(const Napi::Object& exports);

}  // namespace fewsound::binding
