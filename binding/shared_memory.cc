#include "binding/shared_memory.h"

namespace fewsound::binding {

/// What an ArrayBuffer holds until it is collected.
struct SharedMemory::Lease {
  c10::Storage storage;
  std::shared_ptr<SharedMemory> owner;
  uint64_t generation;
};

napi_value SharedMemory::arrayBuffer(const c10::Storage& storage) {
  const auto found = buffers_.find(storage.unsafeGetStorageImpl());
  if (found != buffers_.end()) {
    napi_value existing = nullptr;
    if (napi_get_reference_value(env_, found->second.reference, &existing) == napi_ok &&
        existing != nullptr) {
      bool detached = false;
      if (napi_is_detached_arraybuffer(env_, existing, &detached) == napi_ok && !detached) {
        return existing;
      }
    }
    napi_delete_reference(env_, found->second.reference);
    buffers_.erase(found);
  }

  auto* const lease = new Lease{storage, shared_from_this(), ++generation_};
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env_, storage.mutable_data(), storage.nbytes(), finalize, lease, &buffer);
  if (status != napi_ok) {
    // Builds whose heap is a sandbox refuse. Beyond its largest buffer Node fails, and finalizes
    // what it was given all the same.
    if (status == napi_no_external_buffers_allowed) delete lease;
    bool pending = false;
    if (napi_is_exception_pending(env_, &pending) == napi_ok && pending) {
      napi_value ignored = nullptr;
      napi_get_and_clear_last_exception(env_, &ignored);
    }
    return nullptr;
  }
  storage.unsafeGetStorageImpl()->set_resizable(false);
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, buffer, 0, &reference) == napi_ok) {
    buffers_[storage.unsafeGetStorageImpl()] = {reference, lease->generation};
  }
  return buffer;
}

void SharedMemory::finalize(napi_env env, void*, void* hint) {
  const std::unique_ptr<Lease> lease(static_cast<Lease*>(hint));
  auto& buffers = lease->owner->buffers_;
  const auto found = buffers.find(lease->storage.unsafeGetStorageImpl());
  if (found == buffers.end() || found->second.generation != lease->generation) return;
  napi_delete_reference(env, found->second.reference);
  buffers.erase(found);
}

}  // namespace fewsound::binding
