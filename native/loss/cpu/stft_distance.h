#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "native/loss/cpu/framed_spectra.h"

namespace fewsound::cpu {

/// The weighted distance of complex spectra from those of a target, for one clip at a time.
template <typename T>
class StftDistance {
 public:
  explicit StftDistance(int64_t samples, const at::TensorOptions& options);

  FramedSpectra<T>& framed() { return framed_; }
  const FramedSpectra<T>& framed() const { return framed_; }

  /// Targets [clips, samples]: keeps their spectra and the weights of their bins.
  void setTarget(const at::Tensor& target);

  /// The sum of W·|X - X'| over a chunk's bins; leaves `scale` times its gradient in the windowed
  /// frames, which `framed()` keeps.
  double compute(int64_t clip, int64_t chunk, const T* signal, T scale);

 private:
  FramedSpectra<T> framed_;
  at::Tensor window_;
  at::Tensor targets_;  // complex [clips, frames, bins]
  at::Tensor weights_;  // [clips, frames, bins]
};

}  // namespace fewsound::cpu
