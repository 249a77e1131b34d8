#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace fewsound {

/// CDPAM, a learned perceptual distance of sounds (Manocha, Jin, Zhang and Finkelstein 2021): an
/// encoder of 16 convolutions gives a vector of 512 numbers to each sound, and a small network
/// compares two of them.
class Cdpam {
 public:
  /// The published weights, in this order: of each convolution weight, bias, and its batch
  /// normalization's weight, bias, mean and variance; of each of the 4 linear layers weight and
  /// bias; the 4 weights of the channels' differences.
  explicit Cdpam(const std::vector<at::Tensor>& weights);

  /// The distance, 0 for equal sounds, between two sounds [samples] at 22,050 Hz. Samples are
  /// rounded to the steps of 16 bits, which the network was trained on. Stops early, with NaN,
  /// where `abort` is raised.
  double distance(const at::Tensor& reference, const at::Tensor& degraded,
                  const std::atomic<bool>& abort) const;

 private:
  struct Layer {
    at::Tensor weight;
    at::Tensor bias;
  };

  /// sounds [sounds, samples] to their vectors [sounds, 512] of norm 1
  at::Tensor encode(const at::Tensor& sounds, const std::atomic<bool>& abort) const;

  std::vector<Layer> convolutions_;  // batch normalization included
  std::vector<Layer> linears_;
  std::vector<at::Tensor> channelWeights_;
};

}  // namespace fewsound
