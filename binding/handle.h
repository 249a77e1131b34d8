#pragma once

#include <napi.h>

#include <memory>

namespace fewsound::binding {

/// A native object behind an opaque JavaScript object. `T::kTag` marks the object as ours, so that
/// nothing else, whatever JavaScript passes, is ever taken for a T.
template <class T>
class Handle {
 public:
  static Napi::Value make(napi_env env, std::unique_ptr<T> object) {
    const Napi::Object handle = Napi::Object::New(env);
    if (napi_type_tag_object(env, handle, &T::kTag) != napi_ok ||
        napi_wrap(env, handle, object.get(), finalize, nullptr, nullptr) != napi_ok) {
      throw Napi::Error::New(env);
    }
    object.release();
    return handle;
  }

  /// nullptr where the value is anything else.
  static T* find(napi_env env, napi_value value) {
    napi_valuetype type = napi_undefined;
    bool ours = false;
    void* object = nullptr;
    if (napi_typeof(env, value, &type) != napi_ok || type != napi_object ||
        napi_check_object_type_tag(env, value, &T::kTag, &ours) != napi_ok || !ours ||
        napi_unwrap(env, value, &object) != napi_ok) {
      return nullptr;
    }
    return static_cast<T*>(object);
  }

 private:
  static void finalize(napi_env, void* data, void*) { delete static_cast<T*>(data); }
};

}  // namespace fewsound::binding
