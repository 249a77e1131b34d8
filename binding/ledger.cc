#include "binding/ledger.h"

namespace fewsound::binding {

void Ledger::enter(const c10::Storage& storage) {
  ++tensors_;
  Entry& entry = storages_[storage.unsafeGetStorageImpl()];
  if (entry.handles++ > 0) return;
  entry.bytes = static_cast<int64_t>(storage.nbytes());
  entry.device = storage.device().str();
  adjust(entry, 1);
}

void Ledger::leave(const c10::Storage& storage) {
  --tensors_;
  const auto found = storages_.find(storage.unsafeGetStorageImpl());
  if (found == storages_.end() || --found->second.handles > 0) return;
  adjust(found->second, -1);
  storages_.erase(found);
}

void Ledger::adjust(const Entry& entry, int64_t sign) {
  int64_t& total = bytes_[entry.device];
  total += sign * entry.bytes;
  if (total == 0) bytes_.erase(entry.device);
  int64_t ignored = 0;
  napi_adjust_external_memory(env_, sign * entry.bytes, &ignored);
}

}  // namespace fewsound::binding
