#include "binding/tensor_handle.h"

#include "binding/dtype.h"
#include "binding/environment.h"
#include "binding/errors.h"

namespace fewsound::binding {

TensorHandle::TensorHandle(at::Tensor tensor, std::shared_ptr<Ledger> ledger, BusyFlag busy)
    : tensor_(std::move(tensor)), ledger_(std::move(ledger)), busy_(std::move(busy)) {
  if (!ledger_) return;
  storage_ = tensor_.storage();
  ledger_->enter(storage_);
}

void TensorHandle::dispose() {
  if (disposed()) return;
  if (ledger_) ledger_->leave(storage_);
  tensor_.reset();
  storage_ = c10::Storage();
}

namespace {

Napi::Value make(napi_env env, at::Tensor tensor, std::shared_ptr<Ledger> ledger, BusyFlag busy) {
  if (!tensor.defined()) throw CallError(Code::kOperator, "the result is an undefined tensor");
  if (tensor.layout() != at::kStrided || tensor.is_quantized()) {
    throw CallError(Code::kDtypeMismatch, c10::str("the result has layout ", tensor.layout(),
                                                   "; only dense tensors are supported"));
  }
  dtypeName(tensor.scalar_type());
  return Handle<TensorHandle>::make(
      env, std::make_unique<TensorHandle>(std::move(tensor), std::move(ledger), std::move(busy)));
}

}  // namespace

Napi::Value makeTensor(napi_env env, at::Tensor tensor) {
  return make(env, std::move(tensor), Environment::of(env).ledger, nullptr);
}

Napi::Value makeParameter(napi_env env, at::Tensor tensor, BusyFlag busy) {
  return make(env, std::move(tensor), nullptr, std::move(busy));
}

}  // namespace fewsound::binding
