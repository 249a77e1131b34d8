#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/network_use.h"
#include "native/nn/hyper/hyper_model.h"
#include "native/nn/inr.h"
#include "native/nn/model.h"
#include "native/nn/waveform/waveform_classifier.h"

namespace fewsound::binding {

/// A model in JavaScript's hands.
struct ModelHandle {
  static constexpr napi_type_tag kTag{0xd2740f9be6a14c35, 0x8c53b7e90d16fa42};

  std::shared_ptr<Model> model;  // null once disposed
  /// Set while a job trains or asks it on another thread.
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
};

/// What is asked for where an argument is no model of a class.
template <class T>
inline constexpr const char* kModelName = "a model";
template <>
inline constexpr const char* kModelName<Inr> = "a network";
template <>
inline constexpr const char* kModelName<HyperModel> = "a FewSound or HyperSound model";
template <>
inline constexpr const char* kModelName<WaveformClassifier> = "a classifier";

/// A model of a class, with the flag that says whether a job uses it.
template <class T = Model>
struct ModelIn {
  std::shared_ptr<T> model;
  std::shared_ptr<std::atomic<bool>> busy;
};

/// The model in an argument; throws where it is none of that class, disposed, or in use by a job.
template <class T = Model>
ModelIn<T> modelIn(napi_env env, napi_value value) {
  const ModelHandle* handle = Handle<ModelHandle>::find(env, value);
  if (handle == nullptr) Place{env, "model"}.reject(value, kModelName<T>);
  if (!handle->model) throw CallError(Code::kDisposed, "the model was disposed of", "model");
  requireIdle(*handle->busy);
  auto model = std::dynamic_pointer_cast<T>(handle->model);
  if (!model) Place{env, "model"}.reject(value, kModelName<T>);
  return {std::move(model), handle->busy};
}

template <class T = Model>
ModelIn<T> modelIn(const Napi::CallbackInfo& info, size_t index = 0) {
  return modelIn<T>(info.Env(), info[index]);
}

}  // namespace fewsound::binding
