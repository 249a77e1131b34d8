#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "native/train/adamw.h"
#include "native/train/schedule.h"
#include "native/train/step_graph.h"

namespace fewsound {

/// Optimisation steps as device work that is recorded once. What a step needs from the host, its
/// rate, and what it gives to it, the losses, lie in tensors of the device for a window of steps:
/// within one the host only starts replays and never waits.
class RecordedSteps {
 public:
  static constexpr int64_t kWindow = 64;

  /// Records the gradients, which `computeGradients` leaves at the optimiser's parameters and whose
  /// losses in `losses` [clips], and the update that follows. Parameters and moments are as before
  /// afterwards. Null where `record` records nothing.
  static std::unique_ptr<RecordedSteps> make(
      const std::function<void()>& computeGradients, const at::Tensor& losses, AdamW& optimizer,
      const std::function<decltype(recordStep)>& record = recordStep);

  /// Takes one step with each of the rates, at most kWindow. Returns the losses before each,
  /// [steps, clips], on the CPU.
  at::Tensor take(const std::vector<ScheduledRate>& rates);

 private:
  RecordedSteps(const at::Tensor& losses, AdamW& optimizer);

  AdamW& optimizer_;
  at::Tensor rates_;    // [window, 3]: learning rate, beta1, number of the step from 1
  at::Tensor rate_;     // [1, 3], of the step at work
  at::Tensor history_;  // [window, clips]
  at::Tensor cursor_;   // [1], the step at work within the window
  std::unique_ptr<StepGraph> graph_;
};

}  // namespace fewsound
