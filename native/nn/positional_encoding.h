#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "native/nn/weight_map.h"
#include "native/options/fields.h"

namespace fewsound {

/// The fields of a positional encoding: its length, for which there is a source, whether it learns,
/// and frequencies, cycles over the whole recording, in place of octaves from 1.
void encodingFields(OptionVisitor& visit, int64_t& length, bool& learnable,
                    std::vector<double>& frequencies, const char* source);

/// f pi for every frequency f, float64: 2^0 pi … 2^{length-1} pi where none are given.
at::Tensor encodingFrequencies(int64_t length, const std::vector<double>& given);

/// Of the octaves; of other frequencies f likewise, with f pi in place of 2^i pi:
/// [sin(2^0 pi t) … sin(2^{length-1} pi t), cos(2^0 pi t) … cos(2^{length-1} pi t)]: all sines
/// before all cosines, as the authors' program has it (the formula of paper 1 interleaves them).
class PositionalEncoding : public torch::nn::Module {
 public:
  PositionalEncoding(const at::Tensor& frequencies, bool learnable, at::ScalarType dtype);

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
