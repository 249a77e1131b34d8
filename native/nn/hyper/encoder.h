#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/nn/initializer.h"
#include "native/nn/kinds.h"

namespace fewsound {

/// The encoder E of a hypernetwork: what it hears of a recording becomes a code. A new one is a
/// class with its options, and a row in encoders.cc.
class Encoder : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

  /// Codes [batch, width()] of recordings [batch, samples].
  virtual at::Tensor forward(const at::Tensor& audio) const = 0;
  /// The same while it learns: batch norm, where there is any, by the batch's own statistics, which
  /// move the running ones.
  virtual at::Tensor learn(const at::Tensor& audio) const { return forward(audio); }
  /// The running statistics that `learn` moves.
  virtual std::vector<at::Tensor> statistics() const { return {}; }
  /// What the encoder makes of the same recordings on the way to their codes, by name, for those
  /// who want to look: [batch, frames, …] each. Most encoders have nothing to show.
  virtual std::vector<std::pair<std::string, at::Tensor>> features(const at::Tensor& audio) const;
  /// Numbers in a code.
  virtual int64_t width() const = 0;

  struct Fixed {
    std::string name;
    at::Tensor tensor;
  };
  /// What does not learn, but belongs to files of the model: all buffers, where nothing else is
  /// said.
  virtual std::vector<Fixed> fixed() const;
};

/// The options of an encoder of any kind; one is made for recordings of so many samples.
using AnyEncoderOptions = AnyOptions<Encoder, int64_t, const Initializer&>;
template <>
const std::vector<AnyEncoderOptions::Row>& AnyEncoderOptions::rows();

/// The encoder in the options of a hypernetwork: the first kind where none is named.
class EncoderOptions : public AnyEncoderOptions {
 public:
  EncoderOptions() : AnyOptions(rows().front()) {}
  template <class Options>
  EncoderOptions(Options options) : AnyOptions(std::move(options)) {}  // NOLINT(*-explicit-*)
  const char* usualKind() const override { return rows().front().name; }
};

}  // namespace fewsound
