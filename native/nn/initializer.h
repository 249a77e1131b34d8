#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>
#include <optional>

#include "native/nn/model.h"

namespace fewsound {

/// PyTorch's layers start from weights and biases U(-bound, bound), by the inputs of an output.
inline double usualBound(int64_t inputs) { return 1.0 / std::sqrt(static_cast<double>(inputs)); }

/// Draws initial weights on the CPU, in the network's dtype: from a generator of its own where the
/// options give a seed, from the process-wide one otherwise. Without memory nothing is drawn.
class Initializer {
 public:
  explicit Initializer(const ModelOptions& options);

  at::Tensor uniform(at::IntArrayRef shape, double bound) const;  // U(-bound, bound)
  at::Tensor normal(at::IntArrayRef shape, double deviation) const;
  bool hasMemory() const { return options_.device().is_cpu(); }

 private:
  at::TensorOptions options_;
  std::optional<at::Generator> generator_;
};

}  // namespace fewsound
