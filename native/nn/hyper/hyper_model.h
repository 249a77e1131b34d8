#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/hyper_options.h"
#include "native/nn/hyper/universal_weights.h"
#include "native/nn/hyper/weight_vector.h"
#include "native/nn/hyper/weight_writer.h"
#include "native/nn/model.h"

namespace fewsound {

/// A network that hears a recording and writes the weights of a network that reproduces it:
/// theta' = theta + f·H([E(x), G(theta)]) (paper 1, equation 1; FewSound), or H(E(x)) without
/// universal weights (HyperSound).
class HyperModel : public Model {
 public:
  explicit HyperModel(const HyperModelOptions& options);

  /// Codes z [batch, codeWidth] of recordings [batch, samples]; `learning`: see Encoder::learn.
  at::Tensor encode(const at::Tensor& audio, bool learning = false) const;
  /// What learning moves beside the weights: see Encoder::statistics.
  std::vector<at::Tensor> statistics() const { return encoder_->statistics(); }
  /// What the encoder shows of recordings: see Encoder::features.
  std::vector<std::pair<std::string, at::Tensor>> features(const at::Tensor& audio) const;
  /// theta' [batch, numbers] of codes. `factor` is f; HyperSound has none.
  at::Tensor write(const at::Tensor& codes, double factor) const;
  /// The target's weights for `forward`, by name: written ones by the mode, shared ones as they
  /// are.
  WeightMap weights(const at::Tensor& vectors) const;
  /// Amplitudes [batch, samples] at times t [samples, 1] of the networks that are written for
  /// recordings [batch, samples].
  at::Tensor forward(const at::Tensor& audio, const at::Tensor& t, double factor) const;

  const HyperModelOptions& options() const { return options_; }
  Inr& target() const { return *target_; }
  const WeightVector& layout() const { return layout_; }

  /// What learns, part by part; of the target only what computes, which is nothing where all of it
  /// is written for each recording. Then what is fixed in the encoder.
  std::vector<NamedTensor> tensors() const override;
  /// Throws unless these are recordings [batch, samples] of the model's dtype.
  void checkAudio(const at::Tensor& audio) const { checkRecordings(audio, options_.samples); }

 private:
  HyperModelOptions options_;
  std::shared_ptr<Inr> target_;
  WeightVector layout_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<UniversalWeights> universal_;  // null in HyperSound
  std::shared_ptr<WeightWriter> writer_;
};

/// The options of a FewSound or a HyperSound model.
using AnyHyperModelOptions = AnyOptions<HyperModel>;
template <>
const std::vector<Kind<HyperModel>>& AnyHyperModelOptions::rows();

}  // namespace fewsound
