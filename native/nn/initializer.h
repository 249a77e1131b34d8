#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <optional>

#include "native/nn/options.h"

namespace fewsound {

/// Draws initial weights on the CPU, in the network's dtype: from a generator of its own where the
/// options give a seed, from the process-wide one otherwise.
class Initializer {
 public:
  explicit Initializer(const InrOptions& options);

  at::Tensor uniform(at::IntArrayRef shape, double bound) const;  // U(-bound, bound)
  at::Tensor normal(at::IntArrayRef shape, double deviation) const;

 private:
  at::ScalarType dtype_;
  std::optional<at::Generator> generator_;
};

}  // namespace fewsound
