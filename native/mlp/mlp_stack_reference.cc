#include <ATen/ATen.h>

#include "native/mlp/mlp_stack.h"

namespace fewsound {
namespace {

at::Tensor linearMap(const at::Tensor& x, const DenseLayer& layer) {
  const at::Tensor& weight = layer.weight;
  if (weight.dim() == 2) return at::linear(x, weight, layer.bias);
  const at::Tensor batched = x.dim() == 3
                                 ? x.expand({weight.size(0), -1, -1})
                                 : x.unsqueeze(0).expand({weight.size(0), x.size(0), x.size(1)});
  return at::baddbmm(layer.bias.unsqueeze(1), batched, weight.transpose(1, 2));
}

at::Tensor scaleInput(const at::Tensor& x, const DenseLayer& layer, const MlpForm& form) {
  if (form.activation == Activation::kSine) return x * layer.omega;
  if (form.activation == Activation::kFiner) return x * x.detach().abs().add_(1.0) * layer.omega;
  return x;
}

/// exp(-decay + i phase), from real parts: several times faster than the complex exponential.
at::Tensor wavelet(const at::Tensor& decay, const at::Tensor& phase) {
  const at::Tensor modulus = decay.neg().exp();
  return at::complex(modulus * phase.cos(), modulus * phase.sin());
}

at::Tensor activate(const at::Tensor& z, const DenseLayer& layer, const MlpForm& form) {
  if (form.activation == Activation::kRelu) return at::relu(z);
  if (form.activation != Activation::kGabor) return z.sin();
  const double scaleSquared = form.scale * form.scale;
  if (!z.is_complex()) return wavelet(z.square() * scaleSquared, z * layer.omega);
  const at::Tensor real = at::real(z);
  const at::Tensor imaginary = at::imag(z);
  const at::Tensor energy = real.square() + imaginary.square();
  return wavelet(energy * scaleSquared + imaginary * layer.omega, real * layer.omega);
}

}  // namespace

at::Tensor mlpStackReference(const at::Tensor& x, const std::vector<DenseLayer>& layers,
                             const MlpForm& form) {
  at::Tensor y = x;
  for (size_t i = 0; i < layers.size(); ++i) {
    y = linearMap(scaleInput(y, layers[i], form), layers[i]);
    if (i + 1 < layers.size()) y = activate(y, layers[i], form);
  }
  return y.is_complex() ? at::real(y).contiguous() : y;
}

}  // namespace fewsound
