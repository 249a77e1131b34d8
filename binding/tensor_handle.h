#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <atomic>
#include <memory>

#include "binding/handle.h"
#include "binding/ledger.h"

namespace fewsound::binding {

/// Set while a job on another thread changes a network: its parameters must not be touched
/// meanwhile.
using BusyFlag = std::shared_ptr<const std::atomic<bool>>;

/// A tensor in JavaScript's hands. Parameters of networks are not in the ledger: their network owns
/// them.
class TensorHandle {
 public:
  static constexpr napi_type_tag kTag{0x9b1f3c5d2e8a4471, 0xa6d0c7b3e5f94812};

  explicit TensorHandle(at::Tensor tensor, std::shared_ptr<Ledger> ledger, BusyFlag busy);
  ~TensorHandle() { dispose(); }
  TensorHandle(const TensorHandle&) = delete;
  TensorHandle& operator=(const TensorHandle&) = delete;

  bool disposed() const { return !tensor_.defined(); }
  bool busy() const { return busy_ && busy_->load(std::memory_order_acquire); }
  const BusyFlag& busyFlag() const { return busy_; }
  const at::Tensor& tensor() const { return tensor_; }
  void dispose();

 private:
  at::Tensor tensor_;
  c10::Storage storage_;  // as it was counted: a tensor can change its storage
  std::shared_ptr<Ledger> ledger_;
  BusyFlag busy_;
};

/// A handle for a result. Throws where JavaScript has no way to hold it (a dtype or layout that is
/// not ours).
Napi::Value makeTensor(napi_env env, at::Tensor tensor);
/// A handle for a network's parameter or buffer.
Napi::Value makeParameter(napi_env env, at::Tensor tensor, BusyFlag busy);

}  // namespace fewsound::binding
