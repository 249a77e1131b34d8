#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/distributed/process_group.h"
#include "native/memory/memory_guard.h"
#include "native/options/fields.h"
#include "native/train/adamw.h"
#include "native/train/objective.h"
#include "native/train/schedule.h"

namespace fewsound {

struct TrainerOptions {
  AdamWOptions optimizer = {};
  double maxGradientNorm = 0.0;  // gradients are scaled down to that; 0: as they are
  int threads = 0;               // 0: LibTorch's default
};

void fields(OptionVisitor& visit, TrainerOptions& options);

/// The outcome of one step.
struct TrainingStep {
  double loss;  // mean over the recordings, before the update
  /// Of all gradients together, before they were clipped. If it or the loss is not finite, there
  /// was no update.
  double gradientNorm;
};

/// Minimizes an objective with AdamW. Not thread safe.
class Trainer {
 public:
  Trainer(std::shared_ptr<Objective> objective, const TrainerOptions& options);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  virtual ~Trainer() = default;

  /// One update. With a group, gradients and statistics are averaged over its processes, which must
  /// have as many recordings each. Statistics stay as they were where there is no update.
  TrainingStep step(const Batch& batch, const ScheduledRate& rate, ProcessGroup* group = nullptr);

  Evaluation evaluate(const Batch& batch);

  Objective& objective() { return *objective_; }
  AdamW& optimizer() { return optimizer_; }

  /// Updates done.
  int64_t stepCount() const { return optimizer_.stepCount(); }
  void setStepCount(int64_t count) { optimizer_.setStepCount(count); }

  /// The moments as `firstMoment.<parameter>` and `secondMoment.<parameter>`, and whatever else an
  /// exact continuation needs beside the model and the number of updates: on the CPU, where
  /// they are the trainer's own memory. A trainer that loads it goes on bit for bit.
  virtual NamedTensors state() const;
  /// Throws before anything is changed where an entry is missing or does not fit.
  virtual void loadState(const NamedTensors& state);

 protected:
  /// Leaves the gradients of a batch, and no others, at the parameters; returns the loss.
  double computeGradients(const Batch& batch);

 private:
  BlockKeeping keeping_;  // a step takes the memory of the step before it
  std::shared_ptr<Objective> objective_;
  double maxGradientNorm_;
  int threads_;
  std::vector<std::string> names_;
  AdamW optimizer_;
};

/// The entry of a training's state with that name; throws where it is missing or of another kind.
at::Tensor stateEntry(const NamedTensors& state, const std::string& name, at::IntArrayRef shape,
                      at::ScalarType dtype);

}  // namespace fewsound
