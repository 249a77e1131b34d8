#include "native/train/recorded_steps.h"

#include <ATen/ATen.h>

#include <utility>

namespace fewsound {
namespace {

/// Tensors as they were when this was made, until they are put back.
class Snapshot {
 public:
  void add(const std::vector<at::Tensor>& tensors) {
    for (const at::Tensor& tensor : tensors) {
      entries_.emplace_back(tensor, tensor.detach().clone());
    }
  }
  void restore() const {
    const at::NoGradGuard noGrad;
    for (const auto& [tensor, before] : entries_) tensor.copy_(before);
  }

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> entries_;
};

}  // namespace

RecordedSteps::RecordedSteps(const at::Tensor& losses, AdamW& optimizer)
    : optimizer_(optimizer),
      rates_(at::ones({kWindow, 3}, losses.options())),
      rate_(at::ones({1, 3}, losses.options())),
      history_(at::zeros({kWindow, losses.size(0)}, losses.options())),
      cursor_(at::zeros({1}, losses.options().dtype(at::kLong))) {}

std::unique_ptr<RecordedSteps> RecordedSteps::make(
    const std::function<void()>& computeGradients, const at::Tensor& losses, AdamW& optimizer,
    const std::function<decltype(recordStep)>& record) {
  std::unique_ptr<RecordedSteps> made(new RecordedSteps(losses, optimizer));
  RecordedSteps& steps = *made;
  const auto work = [&steps, computeGradients, losses] {
    {
      const at::NoGradGuard noGrad;
      at::index_select_out(steps.rate_, steps.rates_, 0, steps.cursor_);
    }
    computeGradients();
    steps.optimizer_.step(steps.rate_);
    const at::NoGradGuard noGrad;
    steps.history_.index_copy_(0, steps.cursor_, losses.unsqueeze(0));
    steps.cursor_.add_(1);
  };
  Snapshot before;
  before.add(optimizer.parameters());
  before.add(optimizer.firstMoments());
  before.add(optimizer.secondMoments());
  try {
    steps.graph_ = record(losses.device(), work);
  } catch (...) {
    before.restore();
    throw;
  }
  before.restore();
  return steps.graph_ ? std::move(made) : nullptr;
}

at::Tensor RecordedSteps::take(const std::vector<ScheduledRate>& rates) {
  const auto count = static_cast<int64_t>(rates.size());
  TORCH_CHECK(count <= kWindow, "a window has ", kWindow, " steps, not ", count);
  const at::NoGradGuard noGrad;
  const at::Tensor table = at::empty({count, 3}, at::kDouble);
  auto* row = table.mutable_data_ptr<double>();
  for (const ScheduledRate& rate : rates) {
    optimizer_.setStepCount(optimizer_.stepCount() + 1);
    *row++ = rate.learningRate;
    *row++ = rate.beta1;
    *row++ = static_cast<double>(optimizer_.stepCount());
  }
  rates_.narrow(0, 0, count).copy_(table);
  cursor_.zero_();
  for (int64_t step = 0; step < count; ++step) graph_->replay();
  return history_.narrow(0, 0, count).to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace fewsound
