#include "native/nn/positional_encoding.h"

#include <ATen/ATen.h>

#include <numbers>

namespace fewsound {

void encodingFields(OptionVisitor& visit, int64_t& length, bool& learnable,
                    std::vector<double>& frequencies, const char* source) {
  visit({.name = "encoding",
         .meaning = "Length L of the positional encoding: 2L features.",
         .source = source,
         .flag = Flag{"<length>"}},
        length, Whole{1, 64});  // 2^63 pi t is past what either dtype can resolve
  visit({.name = "encodingFrequencies",
         .meaning = "Frequencies of the positional encoding, cycles over the whole recording, in "
                    "place of octaves from 1; their number takes the place of L.",
         .flag = Flag{.value = "<cycles>"}},
        frequencies, Reals{kPositive, {0, 1024, "frequencies above 0"}});
  visit({.name = "learnableEncoding",
         .meaning = "Learn the frequencies of the positional encoding.",
         .flag = Flag{}},
        learnable);
}

at::Tensor encodingFrequencies(int64_t length, const std::vector<double>& given) {
  const at::Tensor cycles = given.empty() ? at::pow(2.0, at::arange(length, at::kDouble))
                                          : at::tensor(given, at::kDouble);
  return cycles * std::numbers::pi;
}

PositionalEncoding::PositionalEncoding(const at::Tensor& frequencies, bool learnable,
                                       at::ScalarType dtype)
    : learnable_(learnable) {
  const at::Tensor own = frequencies.to(dtype, /*non_blocking=*/false, /*copy=*/true);
  frequencies_ =
      learnable ? register_parameter("frequencies", own) : register_buffer("frequencies", own);
}

namespace {

at::Tensor sinesAndCosines(const at::Tensor& phase) {
  return at::cat({phase.sin(), phase.cos()}, -1);
}

}  // namespace

at::Tensor PositionalEncoding::forward(const at::Tensor& t) const {
  return sinesAndCosines(t * frequencies_);
}

at::Tensor PositionalEncoding::forward(const at::Tensor& t, const WeightMap& weights,
                                       const std::string& name) const {
  const auto given = weights.find(name);
  if (given == weights.end()) return forward(t);
  return sinesAndCosines(t * given->second.unsqueeze(1));
}

}  // namespace fewsound
