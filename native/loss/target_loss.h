#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "native/loss/reconstruction_loss.h"

namespace fewsound {

/// The reconstruction loss against recordings that never change, with its gradient, in one go:
/// what a training loop asks for in every step. The recordings' spectrograms are computed once and
/// every buffer is kept. Each clip has a loss of its own, as if it were alone.
class TargetLoss {
 public:
  /// target [clips, samples], float32 or float64, on the device that the loss is to run on.
  static std::unique_ptr<TargetLoss> make(const ReconstructionLossOptions& options,
                                          const at::Tensor& target);

  /// Whether `make` has code of its own for them and not the operators of `makeReference`, which
  /// take a clip at a time.
  static bool isFused(const ReconstructionLossOptions& options, const at::Tensor& target);

  /// The same by ATen operators and autograd, the measure of every faster path.
  static std::unique_ptr<TargetLoss> makeReference(const ReconstructionLossOptions& options,
                                                   const at::Tensor& target);

  virtual ~TargetLoss() = default;
  TargetLoss() = default;
  TargetLoss(const TargetLoss&) = delete;
  TargetLoss& operator=(const TargetLoss&) = delete;

  /// Other recordings in the place of those before: of their shape, dtype and device.
  void setTarget(const at::Tensor& target);

  /// The weights of another part of the fit, 0 to 1.
  void setPart(double part);

  /// Computes both for an estimate [clips, samples] of the target's dtype and device; what was
  /// returned before is overwritten.
  void evaluate(const at::Tensor& estimate);

  /// [clips], float64, on the device of the target.
  const at::Tensor& losses() const { return losses_; }
  /// [clips, samples]: the gradient of each clip's loss with respect to its samples.
  const at::Tensor& gradient() const { return gradient_; }

 protected:
  /// Allocates the results.
  TargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target);
  /// `estimate` is checked and contiguous.
  virtual void compute(const at::Tensor& estimate) = 0;
  /// `target_` has changed.
  virtual void prepareTarget() = 0;
  /// `weights_` have changed.
  virtual void changeWeights() {}
  void requireLikeTarget(const at::Tensor& signal, const char* what) const;

  const ReconstructionLossOptions options_;
  LossWeights weights_;
  at::Tensor target_;
  at::Tensor losses_;
  at::Tensor gradient_;
};

}  // namespace fewsound
