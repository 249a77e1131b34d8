#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "native/nn/inr.h"

namespace fewsound {

/// Networks of one architecture that learn side by side, each its own recording. One network
/// computes with its own parameters; several with stacked copies of them, all in one pass, which
/// `load` takes from the networks and `store` puts back.
class InrBatch {
 public:
  /// Throws unless all have the same architecture and, where they are several, learn nothing beside
  /// the weights of their layers.
  explicit InrBatch(std::vector<std::shared_ptr<Inr>> networks);

  int64_t size() const { return static_cast<int64_t>(networks_.size()); }

  /// What learns: of one network its parameters, of several [networks, ...] each.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<at::Tensor>& parameters() const { return parameters_; }

  /// Features of times t [samples, 1]: [samples, features] where all networks encode alike, else
  /// [networks, samples, features]; see Inr::encode.
  at::Tensor encode(const at::Tensor& t) const;
  bool encodingIsFixed() const { return networks_.front()->encodingIsFixed(); }
  /// What the amplitudes are to be multiplied by, [networks, samples]; undefined: nothing.
  at::Tensor envelopes(const at::Tensor& t) const;
  /// Amplitudes [networks, samples] of features, their envelopes left out.
  at::Tensor decode(const at::Tensor& features);

  void load();
  void store() const;

 private:
  std::vector<std::shared_ptr<Inr>> networks_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> parameters_;
  WeightMap weights_;  // the stacked ones by name; empty for one network
};

}  // namespace fewsound
