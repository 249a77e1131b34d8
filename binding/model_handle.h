#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/network_use.h"

namespace fewsound::binding {

/// A model in JavaScript's hands; what is in an argument is told apart by the tag of what derives
/// from this.
template <class Model>
struct ModelHandle {
  std::shared_ptr<Model> model;  // null once disposed
  /// Set while a job trains or asks it on another thread.
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
};

/// The model in an argument; throws where it is none (`what` says what it should be), disposed, or
/// in use by a job.
template <class T>
T& modelIn(const Napi::CallbackInfo& info, size_t index, const char* what) {
  T* handle = Handle<T>::find(info.Env(), info[index]);
  if (handle == nullptr) Place{info.Env(), "model"}.reject(info[index], what);
  if (!handle->model) throw CallError(Code::kDisposed, "the model was disposed of", "model");
  requireIdle(*handle->busy);
  return *handle;
}

/// Frees the model now. A second time does nothing.
template <class T>
void disposeModel(const Napi::CallbackInfo& info, const char* what) {
  T* handle = Handle<T>::find(info.Env(), info[0]);
  if (handle != nullptr && !handle->model) return;
  modelIn<T>(info, 0, what).model.reset();
}

}  // namespace fewsound::binding
