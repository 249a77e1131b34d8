#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/nn/model.h"
#include "native/nn/weight_map.h"

namespace fewsound {

struct WeightSlot {
  std::string name;
  std::vector<int64_t> shape;
};

/// What the options of every representation of a recording have.
struct InrOptions : ModelOptions {
  std::vector<double> envelope;
};

/// The fields of it that are not those of every model.
void fields(OptionVisitor& visit, InrOptions& options);

/// An implicit neural representation of one recording: maps t in [-1, 1] to amplitude, with its own
/// parameters or with one given set of weights per sample of a batch.
///
/// t is [samples, 1] or [batch, samples, 1]; the amplitude has the same shape.
class Inr : public Model {
 public:
  Inr(std::string name, const InrOptions& options);

  at::Tensor forward(const at::Tensor& t);
  at::Tensor forward(const at::Tensor& t, const WeightMap& weights);

  /// The part before the first learnable layer, [..., samples, 1] -> [..., samples, features].
  /// Where `encodingIsFixed()`, a training loop computes it once.
  virtual at::Tensor encode(const at::Tensor& t) const;
  virtual bool encodingIsFixed() const;

  /// The same with the encoding's frequencies from `weights` where they are among them.
  virtual at::Tensor encode(const at::Tensor& t, const WeightMap& weights) const;

  /// Whether `forward` takes weights per sample (KAN, NeRF and SIREN do).
  virtual bool acceptsWeights() const;

  /// What the amplitude is to be multiplied by at times t, in their shape; undefined: nothing.
  at::Tensor envelope(const at::Tensor& t) const;

  /// From encoded features to amplitude, its envelope left out. `weights` null: the network's own.
  virtual at::Tensor decode(const at::Tensor& features, const WeightMap* weights) = 0;

  /// Names and shapes of the weights that `forward` must be given, in registration order. Learnable
  /// frequencies and omegas are not among them, but may be given as well.
  std::vector<WeightSlot> weightLayout() const;

  /// The factors on the inputs of sinusoidal layers, where `forward` takes their weights.
  struct FrequencyFactors {
    double first;
    double later;
  };
  virtual std::optional<FrequencyFactors> frequencyFactors() const { return std::nullopt; }
  /// The frequencies of a positional encoding, pi included, float64; undefined without one.
  virtual at::Tensor exactFrequencies() const { return {}; }

 private:
  void checkTime(const at::Tensor& t) const;
  void checkWeights(const at::Tensor& t, const WeightMap& weights) const;
  at::Tensor inEnvelope(const at::Tensor& amplitude, const at::Tensor& t) const;

  std::vector<double> envelope_;
};

/// The field for the widths of a network's hidden layers.
Field hiddenLayers(const char* source);
inline constexpr Wholes kHiddenLayers{.each = {1, 65'536}, .length = {1, 64, "layer widths"}};

/// Widths of all layers from the features to the amplitude: features, hidden…, 1.
std::vector<int64_t> layerWidths(int64_t features, const std::vector<int64_t>& hidden);

/// The times of the samples of a recording, [samples, 1]: -1 + 2i/(samples - 1).
at::Tensor timeAxis(int64_t samples, const at::TensorOptions& options);

}  // namespace fewsound
