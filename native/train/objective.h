#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/loss/reconstruction_loss.h"
#include "native/nn/model.h"

namespace fewsound {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// What learns of a model, in its order.
NamedTensors learnableOf(const Model& model);

/// What one update learns from. An objective reads what concerns it; a fit has all it needs.
struct Batch {
  /// Recordings, parts of [recordings, samples] each; a recording counts the same in any part.
  // NOLINTBEGIN(readability-redundant-member-init): GCC asks for them where fields are left out.
  std::vector<at::Tensor> audio = {};
  std::vector<int64_t> classes = {};  // classifier: of each recording, from 0
  // NOLINTEND(readability-redundant-member-init)
  double factor = 1.0;  // hypernetwork: the model's f
  uint64_t seed = 0;    // classifier: draws the dropout
};

/// What the model makes of some recordings, on the CPU.
struct Evaluation {
  at::Tensor outputs;  // [recordings, samples], or of a classifier logits [recordings, classes]
  at::Tensor losses;   // [recordings], float64
  std::vector<bool> constant;  // hypernetwork, of each recording: see constantOutputs
};

/// What a Trainer minimizes. Its model must not be used elsewhere while it works.
class Objective {
 public:
  Objective() = default;
  Objective(const Objective&) = delete;
  Objective& operator=(const Objective&) = delete;
  virtual ~Objective() = default;

  /// What learns, always in the same order.
  virtual NamedTensors parameters() const = 0;

  /// Adds the gradients of the mean loss to the parameters' and returns that loss.
  virtual double accumulate(const Batch& batch) = 0;

  /// What `accumulate` moves beside the gradients, such as the running statistics of batch norm.
  virtual std::vector<at::Tensor> statistics() const { return {}; }

  /// Without gradients.
  virtual Evaluation evaluate(const Batch& batch);

  /// For schedules of the loss.
  virtual void setLoss(const ReconstructionLossOptions& loss);
};

}  // namespace fewsound
