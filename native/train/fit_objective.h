#pragma once

#include <memory>
#include <vector>

#include "native/loss/target_loss.h"
#include "native/nn/inr_batch.h"
#include "native/train/objective.h"
#include "native/train/sample_blocks.h"

namespace fewsound {

/// Reconstruction loss of networks that learn a clip each: every sample, every step, or blocks of
/// them, which the loss takes for recordings of their own. Networks with an envelope learn, and are
/// judged by, the clip divided by it.
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
  /// The same of some samples alone.
  void accumulate(const SampleBlocks& blocks, int64_t step);

  /// Whether the loss takes all blocks of a step in one go, not one by one.
  bool takesBlocks() const { return TargetLoss::isFused(options_, targets_); }

  /// The loss has the weights of this part of the fit, 0 to 1.
  void setPart(double part);

  InrBatch& networks() { return networks_; }
  int64_t clips() const { return networks_.size(); }
  const at::Tensor& targets() const { return targets_; }  // [clips, samples]
  const at::Tensor& losses() const { return losses_; }    // [clips], of the last pass
  /// [clips, samples], likewise; what the last pass left out as it was when it was last there.
  const at::Tensor& estimates() const { return estimates_; }
  /// What the next pass over blocks finds there; copied. Undefined: what the networks give then.
  void setEstimates(const at::Tensor& estimates);

 private:
  /// Amplitudes of features, or of times where the encoding learns; envelopes left out.
  at::Tensor decoded(const at::Tensor& features);

  InrBatch networks_;
  ReconstructionLossOptions options_;
  at::Tensor targets_;
  at::Tensor envelopes_;  // [clips, samples]; undefined where there are none
  at::Tensor learned_;    // the targets without them
  at::Tensor features_;   // encoded time axis, or the axis itself where the encoding learns
  std::unique_ptr<TargetLoss> loss_;
  std::unique_ptr<TargetLoss> blockLoss_;  // [clips · blocks, length]
  double part_ = 0.0;
  at::Tensor losses_;
  at::Tensor estimates_;
};

}  // namespace fewsound
