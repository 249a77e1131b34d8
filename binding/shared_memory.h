#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace fewsound::binding {

/// ArrayBuffers over the memory of tensors. V8 wants at most one for a piece of memory, so there is
/// one for a storage, found again while JavaScript holds it. It keeps the storage alive, whatever
/// becomes of the tensors, and forbids LibTorch to move it.
class SharedMemory : public std::enable_shared_from_this<SharedMemory> {
 public:
  explicit SharedMemory(napi_env env) : env_(env) {}

  /// The ArrayBuffer over the whole storage (CPU); nullptr where Node allows none.
  napi_value arrayBuffer(const c10::Storage& storage);

 private:
  struct Entry {
    napi_ref reference;
    uint64_t generation;
  };
  struct Lease;

  static void finalize(napi_env env, void* data, void* hint);

  napi_env env_;
  uint64_t generation_ = 0;
  std::unordered_map<const c10::StorageImpl*, Entry> buffers_;
};

}  // namespace fewsound::binding
