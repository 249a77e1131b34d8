#pragma once

#include <memory>
#include <vector>

#include "native/nn/inr.h"
#include "native/nn/positional_encoding.h"
#include "native/spline/kan_layer.h"

namespace fewsound {

struct KanOptions : InrOptions {
  std::vector<int64_t> layers{48, 24, 12};
  int64_t encoding = 10;
  bool learnableEncoding = false;
  int64_t grid = 10;
  int64_t order = 3;
  Range gridRange{-1.0, 1.0};
  bool scaleSpline = true;
  double initNoise = 0.1;
  BaseActivation baseActivation = BaseActivation::kSilu;
  // NOLINTNEXTLINE(readability-redundant-member-init): GCC asks for it where fields are left out.
  std::vector<double> encodingFrequencies{};
};

void fields(OptionVisitor& visit, KanOptions& options);

/// Kolmogorov-Arnold network: a spline and an activation on every edge, no biases, on a positional
/// encoding of time. Parameters are `layers.i.base` [out, in], `layers.i.coefficients` [out, in,
/// grid + order] and `layers.i.scale` [out, in].
class Kan : public Inr {
 public:
  explicit Kan(const KanOptions& options);

  at::Tensor encode(const at::Tensor& t) const override;
  at::Tensor encode(const at::Tensor& t, const WeightMap& weights) const override;
  bool encodingIsFixed() const override { return !encoding_->learnable(); }
  at::Tensor exactFrequencies() const override { return exactFrequencies_; }
  bool acceptsWeights() const override { return true; }
  at::Tensor decode(const at::Tensor& features, const WeightMap* weights) override;

 private:
  SplineGrid grid_;
  bool scaleSpline_;
  BaseActivation activation_;
  at::Tensor exactFrequencies_;
  std::shared_ptr<PositionalEncoding> encoding_;
  std::vector<KanWeights> layers_;
};

}  // namespace fewsound
