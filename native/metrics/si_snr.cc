#include "native/metrics/si_snr.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace fewsound {

std::optional<double> siSnr(const at::Tensor& estimate, const at::Tensor& target) {
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  const at::NoGradGuard noGrad;
  const auto centred = [](const at::Tensor& signal) {
    const at::Tensor wide = signal.flatten().to(at::kDouble);
    return wide - wide.mean();
  };
  const at::Tensor reference = centred(target);
  const at::Tensor given = centred(estimate);
  const double energy = reference.dot(reference).item<double>();
  if (energy == 0.0) return std::nullopt;
  const double scale = (given.dot(reference).item<double>() + kEpsilon) / (energy + kEpsilon);
  const at::Tensor noise = given.sub(reference, scale);
  const double noiseEnergy = noise.dot(noise).item<double>();
  return 10.0 * std::log10((scale * scale * energy + kEpsilon) / (noiseEnergy + kEpsilon));
}

}  // namespace fewsound
