#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "native/distributed/process_group.h"
#include "native/loss/target_loss.h"
#include "native/nn/hyper/hyper_model.h"
#include "native/train/adamw.h"

namespace fewsound {

enum class Precision : uint8_t {
  kFull,
  /// Encoder, G and H compute in bfloat16; weights, splines and loss stay in the model's dtype.
  kBfloat16,
};

struct HyperTrainerOptions {
  AdamWOptions optimizer;
  ReconstructionLossOptions loss;
  Precision precision = Precision::kFull;
  double maxGradientNorm = 0.0;  // gradients are scaled down to that; 0: as they are
  int threads = 0;               // 0: LibTorch's default
};

/// What a step came to.
struct HyperStep {
  double loss;  // mean over the recordings, each as if it were alone, before the update
  /// Of all gradients together, before they were clipped. Where it or the loss is no finite number,
  /// there was no update.
  double gradientNorm;
};

/// What the model makes of some recordings.
struct HyperEvaluation {
  at::Tensor estimates;        // [recordings, samples], on the CPU
  at::Tensor losses;           // [recordings], float64, on the CPU
  std::vector<bool> constant;  // of each recording: see constantOutputs
};

/// Steps of a hypernetwork's training. Not thread safe; the model must not be used elsewhere while
/// it works.
class HyperTrainer {
 public:
  HyperTrainer(std::shared_ptr<HyperModel> model, HyperTrainerOptions options);

  /// One update from batches [recordings, samples], peak-normalised, whose gradients are
  /// accumulated; every recording counts alike, whatever batch it is in. `factor` is the model's f.
  /// With a group, gradients are averaged over its processes, which must have as many
  /// recordings each.
  HyperStep step(const std::vector<at::Tensor>& batches, double factor, double learningRate,
                 double beta1, ProcessGroup* group = nullptr);

  /// Without gradients.
  HyperEvaluation evaluate(const at::Tensor& batch, double factor);

  /// For schedules of the loss.
  void setLoss(const ReconstructionLossOptions& loss);

  AdamW& optimizer() { return optimizer_; }

 private:
  /// Adds the gradients of `share` times the mean loss; returns the sum of the losses.
  double accumulate(const at::Tensor& batch, double factor, double share);
  at::Tensor moved(const at::Tensor& batch) const;
  at::Tensor reconstruct(const at::Tensor& audio, double factor) const;
  /// The loss against these recordings.
  TargetLoss& lossAgainst(const at::Tensor& audio);

  std::shared_ptr<HyperModel> model_;
  HyperTrainerOptions options_;
  AdamW optimizer_;
  at::Tensor t_;         // [samples, 1]
  at::Tensor features_;  // of the target's encoding, where that is fixed
  std::unique_ptr<TargetLoss> loss_;
};

}  // namespace fewsound
