#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/options/fields.h"

namespace fewsound {

/// Most samples of a recording that a model takes as a whole.
inline constexpr int64_t kMostRecordingSamples = 16'777'216;

/// What the options of every model have.
struct ModelOptions {
  std::optional<uint64_t> seed;
  c10::ScalarType dtype = c10::ScalarType::Float;
  at::Device device = at::kCPU;
  /// Tensors with shapes but no memory, to describe a model without making it: not an option that
  /// JavaScript knows.
  bool withoutMemory = false;
};

void fields(OptionVisitor& visit, ModelOptions& options);

/// What learns: a network that holds one recording, one that writes such networks, a classifier.
class Model : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

  struct NamedTensor {
    std::string name;
    at::Tensor tensor;
    bool learnable;
  };

  /// All that a file of the model holds, in its order: what learns, then what is fixed. They are
  /// the model's own tensors.
  virtual std::vector<NamedTensor> tensors() const;
  /// What learns of them.
  std::vector<at::Tensor> learnable() const;
  /// Learnable numbers as the paper counts them: a complex weight is one.
  int64_t parameterCount() const;

  /// Moves parameters and buffers to a device and a real dtype; complex ones take the complex dtype
  /// of its precision. The tensors stay the same objects, gradients are lost.
  void moveTo(at::Device device, at::ScalarType dtype);

 protected:
  /// Throws unless these are recordings [batch, samples] of the model's dtype and device.
  void checkRecordings(const at::Tensor& audio, int64_t samples) const;
};

}  // namespace fewsound
