#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/loss/loss_weights.h"
#include "native/options/fields.h"

namespace fewsound {

struct ReconstructionLossOptions : LossWeights {
  int64_t sampleRate = 22050;
  int64_t mels = 128;
  std::vector<int64_t> fftSizes{2048, 1024, 512, 256, 128};  // hop n/4, window n
  // Above 0, band b of both spectrograms is weighted by ((b + 1) / mels)^bandPower, the weights
  // scaled to a mean of 1: the higher the power, the more the high bands count.
  double bandPower = 0.0;
  /// What the weights become over a fit, from the earliest on.
  std::vector<LossStage> course;

  /// Those at the beginning.
  const LossWeights& weights() const { return *this; }
  /// Whether a weight is above 0 at any time.
  bool uses(double LossWeights::* weight) const;
};

void fields(OptionVisitor& visit, ReconstructionLossOptions& options);

/// Throws unless the options are in order.
void checkOptions(const ReconstructionLossOptions& options);

/// The mel filterbank of one FFT size with the weights of the bands, [mels, fftSize/2 + 1].
at::Tensor weightedFilterbank(const ReconstructionLossOptions& options, int64_t fftSize,
                              const at::TensorOptions& tensorOptions);

/// With the error e and the pre-emphasized error p,
///   time·mean|e| + emphasized·mean(w·|p|) + stft·mean(W·|STFT(e)|)
///   + mel·(mean over FFT sizes of mean|M - M'| + sqrt(mean (M - M')^2)),
/// (paper 1, equation 2, and what the recipes add), w and W as local_weights.h has them.
/// Differentiable; for the many steps of a training loop, and for weights that change over them,
/// see TargetLoss.
class ReconstructionLoss {
 public:
  explicit ReconstructionLoss(ReconstructionLossOptions options);

  /// estimate, target [batch, samples] (or [samples]) of one dtype and device -> scalar.
  at::Tensor operator()(const at::Tensor& estimate, const at::Tensor& target);

  /// Loss of each FFT size alone, [fftSizes].
  at::Tensor melPerResolution(const at::Tensor& estimate, const at::Tensor& target);

  const ReconstructionLossOptions& options() const { return options_; }
  void setWeights(const LossWeights& weights);

 private:
  /// Makes windows and filterbanks for the signal's dtype and device, unless they are there.
  void prepare(const at::Tensor& signal);

  struct Resolution {
    at::Tensor window;      // [fftSize]
    at::Tensor filterbank;  // [mels, fftSize/2 + 1], band weights included
  };

  ReconstructionLossOptions options_;
  std::vector<Resolution> resolutions_;
};

}  // namespace fewsound
