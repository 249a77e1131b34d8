#pragma once

#include <memory>
#include <string>
#include <vector>

#include "native/mlp/mlp_stack.h"
#include "native/nn/inr.h"

namespace fewsound {

/// Linear layers with an activation between them, the last one linear: what NeRF, SIREN, FINER, RFF
/// and WIRE share. Parameters are `layers.i.weight` [out, in] and `layers.i.bias` [out].
class Mlp : public Inr {
 public:
  at::Tensor decode(const at::Tensor& features, const WeightMap* weights) override;

 protected:
  struct Layer : torch::nn::Module {
    at::Tensor weight;
    at::Tensor bias;
    at::Tensor omega;  // [1], in sinusoidal and wavelet layers only

    // A real dtype means its complex counterpart for complex weights.
    using torch::nn::Module::to;
    void to(torch::Dtype dtype, bool nonBlocking) override;
    void to(torch::Device device, torch::Dtype dtype, bool nonBlocking) override;
  };

  explicit Mlp(std::string name, const InrOptions& options, const MlpForm& form = {});

  /// Appends layer number `layerCount()`.
  void addLayer(const at::Tensor& weight, const at::Tensor& bias);
  void addLayer(const at::Tensor& weight, const at::Tensor& bias, double omega,
                bool learnableOmega);

 private:
  /// Layer i with its own tensors, or with those of a batch in `weights`.
  DenseLayer denseLayer(size_t i, const WeightMap* weights) const;

  MlpForm form_;
  std::shared_ptr<torch::nn::Module> stack_;
  std::vector<std::shared_ptr<Layer>> layers_;
};

}  // namespace fewsound
