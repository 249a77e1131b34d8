#include "binding/network_use.h"

#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <mutex>
#include <unordered_set>
#include <utility>

#include "binding/errors.h"

namespace fewsound::binding {
namespace {

/// The parameters of all networks in use, whichever environment started the job.
struct InUse {
  std::mutex mutex;
  std::unordered_set<const at::TensorImpl*> parameters;
};

InUse& inUse() {
  static InUse instance;
  return instance;
}

}  // namespace

NetworkUse::NetworkUse(std::vector<at::Tensor> parameters, std::shared_ptr<std::atomic<bool>> busy)
    : parameters_(std::move(parameters)), busy_(std::move(busy)) {
  InUse& all = inUse();
  const std::lock_guard lock(all.mutex);
  for (const at::Tensor& parameter : parameters_) {
    all.parameters.insert(parameter.unsafeGetTensorImpl());
  }
  busy_->store(true, std::memory_order_release);
}

void NetworkUse::end() {
  InUse& all = inUse();
  const std::lock_guard lock(all.mutex);
  if (parameters_.empty()) return;
  for (const at::Tensor& parameter : parameters_) {
    all.parameters.erase(parameter.unsafeGetTensorImpl());
  }
  parameters_.clear();
  busy_->store(false, std::memory_order_release);
}

void requireIdle(const std::atomic<bool>& busy) {
  if (!busy.load(std::memory_order_acquire)) return;
  throw CallError(Code::kInvalidArgument,
                  "the model is at work on another thread; wait for that to end", "model");
}

void requireIdleGraph(const std::vector<at::Tensor>& outputs) {
  InUse& all = inUse();
  const std::lock_guard lock(all.mutex);
  if (all.parameters.empty()) return;
  std::unordered_set<const torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> waiting;
  for (const at::Tensor& output : outputs) {
    if (output.grad_fn()) waiting.push_back(output.grad_fn().get());
  }
  while (!waiting.empty()) {
    auto* const node = waiting.back();
    waiting.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    const auto* const leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node);
    if (leaf != nullptr && all.parameters.count(leaf->variable.unsafeGetTensorImpl()) > 0) {
      throw CallError(Code::kInvalidArgument,
                      "what is differentiated depends on a network that a running fit is "
                      "changing; wait for the fit");
    }
    for (const auto& edge : node->next_edges()) waiting.push_back(edge.function.get());
  }
}

}  // namespace fewsound::binding
