#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "native/loss/target_loss.h"
#include "native/nn/hyper/hyper_model.h"
#include "native/train/objective.h"

namespace fewsound {

enum class Precision : uint8_t {
  kFull,
  /// Encoder, G and H compute in bfloat16; weights, splines and loss stay in the model's dtype.
  kBfloat16,
};

struct HyperObjectiveOptions {
  ReconstructionLossOptions loss;
  Precision precision = Precision::kFull;
};

void fields(OptionVisitor& visit, HyperObjectiveOptions& options);

/// Reconstruction loss of the networks that a hypernetwork writes for recordings
/// [recordings, samples], peak-normalized.
class HyperObjective final : public Objective {
 public:
  HyperObjective(std::shared_ptr<HyperModel> model, HyperObjectiveOptions options);

  NamedTensors parameters() const override { return learnableOf(*model_); }
  double accumulate(const Batch& batch) override;
  std::vector<at::Tensor> statistics() const override { return model_->statistics(); }
  Evaluation evaluate(const Batch& batch) override;
  void setLoss(const ReconstructionLossOptions& loss) override;

 private:
  /// Adds the gradients of `share` times the mean loss; returns the sum of the losses.
  double accumulate(const at::Tensor& part, double factor, double share);
  at::Tensor moved(const at::Tensor& part) const;
  at::Tensor reconstruct(const at::Tensor& audio, double factor, bool learning) const;
  /// The loss against these recordings.
  TargetLoss& lossAgainst(const at::Tensor& audio);

  std::shared_ptr<HyperModel> model_;
  HyperObjectiveOptions options_;
  at::Tensor t_;         // [samples, 1]
  at::Tensor features_;  // of the target's encoding, where that is fixed
  std::unique_ptr<TargetLoss> loss_;
};

}  // namespace fewsound
