#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <string>

#include "native/nn/weight_map.h"
#include "native/options/fields.h"

namespace fewsound {

/// The fields for the length of a positional encoding and for whether it learns.
void encodingFields(OptionVisitor& visit, int64_t& length, bool& learnable, const char* source);

/// 2^0 pi … 2^{length-1} pi, float64.
at::Tensor encodingFrequencies(int64_t length);

/// [sin(2^0 pi t) … sin(2^{length-1} pi t), cos(2^0 pi t) … cos(2^{length-1} pi t)]: all sines
/// before all cosines, as the authors' program has it (the formula of paper 1 interleaves them).
class PositionalEncoding : public torch::nn::Module {
 public:
  PositionalEncoding(int64_t length, bool learnable, at::ScalarType dtype);

  /// [..., 1] -> [..., 2·length]
  at::Tensor forward(const at::Tensor& t) const;
  /// With the frequencies in `weights`, [batch, length], where `name` is among them:
  /// [samples, 1] or [batch, samples, 1] -> [batch, samples, 2·length].
  at::Tensor forward(const at::Tensor& t, const WeightMap& weights, const std::string& name) const;
  bool learnable() const { return learnable_; }

 private:
  at::Tensor frequencies_;  // [length], pi included
  bool learnable_;
};

}  // namespace fewsound
