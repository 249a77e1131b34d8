#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace fewsound::binding {

/// What the tensors of one JavaScript environment hold. Memory is counted once per storage, however
/// many views share it, and V8 is told of it, so that the collector knows what a small handle
/// weighs.
class Ledger {
 public:
  explicit Ledger(napi_env env) : env_(env) {}

  void enter(const c10::Storage& storage);
  void leave(const c10::Storage& storage);

  int64_t tensors() const { return tensors_; }
  const std::map<std::string, int64_t>& bytes() const { return bytes_; }

 private:
  struct Entry {
    int64_t handles = 0;
    int64_t bytes = 0;
    std::string device;
  };

  void adjust(const Entry& entry, int64_t sign);

  napi_env env_;
  int64_t tensors_ = 0;
  std::unordered_map<const c10::StorageImpl*, Entry> storages_;
  std::map<std::string, int64_t> bytes_;  // by device
};

}  // namespace fewsound::binding
