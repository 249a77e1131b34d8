#pragma once

#include <memory>
#include <vector>

#include "native/nn/mlp.h"
#include "native/nn/positional_encoding.h"

namespace fewsound {

struct NerfOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  int64_t encoding = 12;
  bool learnableEncoding = false;
  // NOLINTNEXTLINE(readability-redundant-member-init): GCC asks for it where fields are left out.
  std::vector<double> encodingFrequencies{};
};

void fields(OptionVisitor& visit, NerfOptions& options);

/// Rectified linear layers on a positional encoding of time (Mildenhall et al. 2020).
class Nerf : public Mlp {
 public:
  explicit Nerf(const NerfOptions& options);

  at::Tensor encode(const at::Tensor& t) const override;
  at::Tensor encode(const at::Tensor& t, const WeightMap& weights) const override;
  bool encodingIsFixed() const override { return !encoding_->learnable(); }
  at::Tensor exactFrequencies() const override { return exactFrequencies_; }
  bool acceptsWeights() const override { return true; }

 private:
  at::Tensor exactFrequencies_;
  std::shared_ptr<PositionalEncoding> encoding_;
};

}  // namespace fewsound
