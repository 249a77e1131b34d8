#pragma once

#include <memory>
#include <vector>

#include "native/loss/target_loss.h"
#include "native/nn/inr_batch.h"
#include "native/train/objective.h"

namespace fewsound {

/// Reconstruction loss of networks that learn a clip each: every sample, every step.
class FitObjective final : public Objective {
 public:
  /// targets [clips, samples], one for each network; moved to the networks' dtype and device.
  FitObjective(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
               const ReconstructionLossOptions& loss);

  NamedTensors parameters() const override;
  /// The batch plays no part; see `losses` for the loss of each clip.
  double accumulate(const Batch& batch) override;
  /// The same without waiting for the device, so that it can be recorded.
  void accumulate();

  /// The loss has the weights of this part of the fit, 0 to 1.
  void setPart(double part) { loss_->setPart(part); }

  InrBatch& networks() { return networks_; }
  int64_t clips() const { return networks_.size(); }
  const at::Tensor& targets() const { return targets_; }        // [clips, samples]
  const at::Tensor& losses() const { return loss_->losses(); }  // [clips], of the last pass
  const at::Tensor& estimates() const { return estimates_; }    // [clips, samples], likewise

 private:
  InrBatch networks_;
  at::Tensor targets_;
  at::Tensor features_;  // encoded time axis, or the axis itself where the encoding learns
  std::unique_ptr<TargetLoss> loss_;
  at::Tensor estimates_;
};

}  // namespace fewsound
