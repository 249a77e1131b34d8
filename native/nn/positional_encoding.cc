#include "native/nn/positional_encoding.h"

#include <ATen/ATen.h>

#include <numbers>

namespace fewsound {

int64_t EncodingOptions::frequencies() const {
  return encodingFrequencies.empty() ? encoding : std::ssize(encodingFrequencies);
}

void encodingFields(OptionVisitor& visit, EncodingOptions& options, const char* source) {
  visit({.name = "encoding",
         .meaning = "Length L of the positional encoding: 2L features.",
         .source = source,
         .flag = Flag{"<length>"}},
        options.encoding, Whole{1, 64});  // 2^63 pi t is past what either dtype can resolve
  visit({.name = "encodingFrequencies",
         .meaning = "Frequencies of the positional encoding, cycles over the whole recording, in "
                    "place of octaves from 1; their number takes the place of L.",
         .flag = Flag{.value = "<cycles>"}},
        options.encodingFrequencies, Reals{kPositive, {0, 64, "frequencies above 0"}});
  visit({.name = "learnableEncoding",
         .meaning = "Learn the frequencies of the positional encoding.",
         .flag = Flag{}},
        options.learnableEncoding);
}

at::Tensor encodingFrequencies(const EncodingOptions& options) {
  const at::Tensor cycles = options.encodingFrequencies.empty()
                                ? at::pow(2.0, at::arange(options.encoding, at::kDouble))
                                : at::tensor(options.encodingFrequencies, at::kDouble);
  return cycles.mul_(std::numbers::pi);
}

PositionalEncoding::PositionalEncoding(const EncodingOptions& options, at::ScalarType dtype)
    : learnable_(options.learnableEncoding) {
  const at::Tensor frequencies = encodingFrequencies(options).to(dtype);
  frequencies_ = learnable_ ? register_parameter("frequencies", frequencies)
                            : register_buffer("frequencies", frequencies);
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
