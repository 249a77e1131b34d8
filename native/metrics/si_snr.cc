#include "native/metrics/si_snr.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace fewsound {

std::vector<std::optional<double>> siSnr(const at::Tensor& estimates, const at::Tensor& targets) {
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  const at::NoGradGuard noGrad;
  const auto centered = [](const at::Tensor& signals) {
    const at::Tensor wide = signals.to(at::kDouble);
    return wide - wide.mean(1, /*keepdim=*/true);
  };
  const at::Tensor references = centered(targets);
  const at::Tensor given = centered(estimates);
  const at::Tensor energies = (references * references).sum(1, /*keepdim=*/true);  // [clips, 1]
  const at::Tensor scales =
      ((given * references).sum(1, /*keepdim=*/true) + kEpsilon) / (energies + kEpsilon);
  const at::Tensor noise = (given - scales * references).square().sum(1, /*keepdim=*/true);
  const at::Tensor facts = at::cat({energies, scales, noise}, 1).cpu();  // [clips, 3]
  const auto fact = facts.accessor<double, 2>();
  std::vector<std::optional<double>> ratios;
  for (int64_t clip = 0; clip < facts.size(0); ++clip) {
    const double energy = fact[clip][0];
    const double scale = fact[clip][1];
    ratios.emplace_back(energy == 0.0
                            ? std::nullopt
                            : std::optional(10.0 * std::log10((scale * scale * energy + kEpsilon) /
                                                              (fact[clip][2] + kEpsilon))));
  }
  return ratios;
}

}  // namespace fewsound
