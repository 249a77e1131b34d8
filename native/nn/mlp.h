#pragma once

#include <memory>
#include <string>
#include <vector>

#include "native/nn/inr.h"
#include "native/nn/relu_stack.h"

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

  explicit Mlp(std::string name);

  /// Appends layer number `layerCount()`.
  void addLayer(const at::Tensor& weight, const at::Tensor& bias);
  void addLayer(const at::Tensor& weight, const at::Tensor& bias, double omega,
                bool learnableOmega);

  /// What enters the linear map. omega: the layer's, [1] or, one for each of a batch, [batch, 1,
  /// 1].
  virtual at::Tensor scaleInput(const at::Tensor& x, const at::Tensor& omega) const;
  /// What follows it, except after the last: ReLU unless a network has another.
  virtual at::Tensor activate(const at::Tensor& x, const Layer& layer) const;
  /// Whether it is linear layers with ReLU between them and nothing else.
  virtual bool isReluStack() const { return false; }

 private:
  static LinearWeights weightsOf(const Layer& layer, const std::string& prefix,
                                 const WeightMap* weights);
  static at::Tensor omegaOf(const Layer& layer, const std::string& prefix,
                            const WeightMap* weights);

  std::shared_ptr<torch::nn::Module> stack_;
  std::vector<std::shared_ptr<Layer>> layers_;
};

}  // namespace fewsound
