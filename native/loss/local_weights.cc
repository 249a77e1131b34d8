#include "native/loss/local_weights.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace fewsound {
namespace {

constexpr double kFloor = 0.003;  // of the level: what is quieter counts alike
constexpr int64_t kReach = 256;   // samples on each side

/// Means over the places from `first[i]` to before `end[i]` of the last dimension.
at::Tensor windowMeans(const at::Tensor& values, const at::Tensor& first, const at::Tensor& end) {
  const at::Tensor sums = at::constant_pad_nd(values.cumsum(-1), {1, 0});
  return (sums.index_select(-1, end) - sums.index_select(-1, first)).div_(end - first);
}

/// (level/max + floor)^-power for each clip, the first dimension, times what makes the mean of
/// weighted moduli the one that is wanted; ones where there is nothing.
at::Tensor weightsOf(const at::Tensor& level, const at::Tensor& moduli, const at::Tensor& wanted,
                     double power) {
  const std::vector<int64_t> inner =
      level.dim() == 2 ? std::vector<int64_t>{1} : std::vector<int64_t>{1, 2};
  const at::Tensor highest = level.amax(inner, /*keepdim=*/true);
  const at::Tensor weights = (level / highest + kFloor).pow(-power);
  const at::Tensor mean = (moduli * weights).mean(inner, /*keepdim=*/true);
  return at::where(highest > 0, weights * (wanted / mean), at::ones_like(weights));
}

}  // namespace

at::Tensor preEmphasized(const at::Tensor& signal, double coefficient) {
  const int64_t samples = signal.size(-1);
  const at::Tensor before = at::constant_pad_nd(signal.narrow(-1, 0, samples - 1), {1, 0});
  return signal - before * coefficient;
}

at::Tensor sampleWeights(const at::Tensor& target, double preEmphasis, double power) {
  if (power == 0.0) return at::ones_like(target);
  const at::Tensor emphasized = preEmphasized(target.to(at::kDouble), preEmphasis);
  const int64_t samples = target.size(1);
  const at::Tensor place = at::arange(samples, target.options().dtype(at::kLong));
  const at::Tensor level = windowMeans(emphasized.square(), (place - kReach).clamp_min_(0),
                                       (place + kReach + 1).clamp_max_(samples))
                               .clamp_min_(0)
                               .sqrt_();
  const at::Tensor moduli = emphasized.abs();
  return weightsOf(level, moduli, moduli.mean(1, /*keepdim=*/true), power).to(target.scalar_type());
}

at::Tensor spectrumWeights(const at::Tensor& spectra, const at::Tensor& target) {
  const at::Tensor moduli = spectra.abs().to(at::kDouble);
  const int64_t frames = moduli.size(1);
  const int64_t bins = moduli.size(2);
  const auto whole = target.options().dtype(at::kLong);
  const at::Tensor bin = at::arange(bins, whole);
  const at::Tensor reach = (bin.to(at::kDouble) * 0.08).floor_().to(at::kLong).clamp_min_(3);
  const at::Tensor frame = at::arange(frames, whole);
  const at::Tensor overBins =
      windowMeans(moduli.square(), (bin - reach).clamp_min_(0), (bin + reach + 1).clamp_max_(bins));
  const at::Tensor level = windowMeans(overBins.transpose(1, 2), (frame - 1).clamp_min_(0),
                                       (frame + 2).clamp_max_(frames))
                               .transpose(1, 2)
                               .clamp_min(0)
                               .sqrt();
  const at::Tensor wanted = target.to(at::kDouble).abs().mean(1).view({-1, 1, 1});
  return weightsOf(level, moduli, wanted, 0.5).to(target.scalar_type()).contiguous();
}

}  // namespace fewsound
