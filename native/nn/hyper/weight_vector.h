#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "native/nn/inr.h"

namespace fewsound {

/// The weights that a hypernetwork writes for its target, one after the other in one vector.
class WeightVector {
 public:
  struct Slot {
    std::string name;  // of the target's parameter
    std::vector<int64_t> shape;
    int64_t offset;
    int64_t size;
  };

  /// All learnable parameters of the target in registration order, without those of shared layers
  /// and, where they are shared, without frequencies and omegas.
  WeightVector(const Inr& target, const std::vector<int64_t>& sharedLayers, bool sharedEncoding);

  const std::vector<Slot>& slots() const { return slots_; }
  int64_t numbers() const { return numbers_; }
  /// Names of the target's parameters that all recordings share.
  const std::vector<std::string>& shared() const { return shared_; }

  /// [batch, numbers] -> views [batch, …shape] by name.
  WeightMap split(const at::Tensor& vectors) const;

 private:
  std::vector<Slot> slots_;
  std::vector<std::string> shared_;
  int64_t numbers_ = 0;
};

}  // namespace fewsound
