#include "native/loss/reconstruction_loss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "native/audio/mel.h"
#include "native/audio/stft.h"
#include "native/loss/local_weights.h"

namespace fewsound {

void fields(OptionVisitor& visit, ReconstructionLossOptions& options) {
  fields(visit, static_cast<LossWeights&>(options));
  visit({.name = "course",
         .meaning = "What the weights become over a fit; a stage keeps what it does not name."},
        options.course, Length{0, 32, "stages"});
  visit({.name = "sampleRate", .meaning = "Rate of the recording, Hz: places the mel bands."},
        options.sampleRate, Whole{1, 1'000'000});
  visit({.name = "mels", .meaning = "Number of mel bands.", .flag = Flag{.value = "<bands>"}},
        options.mels, Whole{1, 4096});
  visit({.name = "fftSizes",
         .meaning = "FFT sizes, multiples of 4; the hop is a quarter of the size.",
         .flag = Flag{.value = "<sizes>"}},
        options.fftSizes, Wholes{{4, 65'536, 4}, {1, 16, "FFT sizes"}});
  visit({.name = "bandPower",
         .meaning = "Weights higher mel bands more; 0: all the same.",
         .flag = Flag{.value = "<power>"}},
        options.bandPower, kNotNegative);
}

void checkOptions(const ReconstructionLossOptions& options) {
  checkOptions<ReconstructionLossOptions>(options);
  const auto checkWeights = [](const LossWeights& weights) {
    TORCH_CHECK_VALUE(
        weights.time > 0.0 || weights.mel > 0.0 || weights.emphasized > 0.0 || weights.stft > 0.0,
        "loss options time, mel, emphasized and stft are all 0; expected at least one above 0");
  };
  checkWeights(options);
  LossWeights weights = options.weights();
  double from = 0.0;
  for (const LossStage& stage : options.course) {
    TORCH_CHECK_VALUE(stage.from > from, "loss option course has from ", stage.from, " after ",
                      from, "; expected numbers that rise");
    from = stage.from;
    weights = stage.after(weights);
    checkWeights(weights);
  }
}

bool ReconstructionLossOptions::uses(double LossWeights::* weight) const {
  LossWeights now = weights();
  bool used = now.*weight > 0.0;
  for (const LossStage& stage : course) {
    now = stage.after(now);
    used = used || now.*weight > 0.0;
  }
  return used;
}

at::Tensor weightedFilterbank(const ReconstructionLossOptions& options, int64_t fftSize,
                              const at::TensorOptions& tensorOptions) {
  at::Tensor filterbank = melFilterbank(options.sampleRate, fftSize, options.mels, tensorOptions);
  if (options.bandPower == 0.0) return filterbank;
  const at::Tensor weight =
      at::arange(1, options.mels + 1, at::kDouble).div_(options.mels).pow_(options.bandPower);
  return filterbank * (weight / weight.mean()).to(tensorOptions).unsqueeze(1);
}

namespace {

/// mean|d| + sqrt(mean d^2)
at::Tensor spectralDistance(const at::Tensor& estimate, const at::Tensor& target) {
  const at::Tensor difference = estimate - target;
  // As a norm, whose gradient at 0 is 0: the root of a mean would give NaN where both are silent.
  const double count = static_cast<double>(difference.numel());
  return at::abs(difference).mean() + at::linalg_vector_norm(difference) / std::sqrt(count);
}

/// Signals as [batch, samples].
at::Tensor asBatch(const at::Tensor& signal) {
  TORCH_CHECK_VALUE(signal.dim() == 1 || signal.dim() == 2, "a signal has shape ", signal.sizes(),
                    "; expected [samples] or [batch, samples]");
  TORCH_CHECK_VALUE(signal.numel() > 0, "a signal is empty; expected at least one sample");
  return signal.dim() == 1 ? signal.unsqueeze(0) : signal;
}

void checkPair(const at::Tensor& estimate, const at::Tensor& target) {
  TORCH_CHECK_VALUE(estimate.sizes() == target.sizes(), "the estimate has shape ", estimate.sizes(),
                    " but the target ", target.sizes());
  TORCH_CHECK_TYPE(estimate.is_floating_point() && estimate.scalar_type() == target.scalar_type(),
                   "the estimate is ", estimate.scalar_type(), " and the target ",
                   target.scalar_type(), "; expected both float32 or both float64");
}

}  // namespace

ReconstructionLoss::ReconstructionLoss(ReconstructionLossOptions options)
    : options_(std::move(options)) {
  checkOptions(options_);
}

void ReconstructionLoss::setWeights(const LossWeights& weights) {
  static_cast<LossWeights&>(options_) = weights;
}

at::Tensor ReconstructionLoss::operator()(const at::Tensor& estimate, const at::Tensor& target) {
  checkPair(estimate, target);
  at::Tensor loss;
  const auto add = [&](const at::Tensor& part, double weight) {
    loss = loss.defined() ? loss + part * weight : part * weight;
  };
  if (options_.time > 0.0) add(at::l1_loss(estimate, target), options_.time);
  const at::Tensor targets = asBatch(target).detach();
  if (options_.emphasized > 0.0) {
    const at::Tensor error = preEmphasized(asBatch(estimate) - targets, options_.preEmphasis);
    const at::Tensor weights = sampleWeights(targets, options_.preEmphasis, options_.localPower);
    add((error.abs() * weights).mean(), options_.emphasized);
  }
  if (options_.stft > 0.0) {
    checkLongEnough(targets.size(1), kStftSize);
    const at::Tensor window = at::hann_window(kStftSize, targets.options());
    const at::Tensor spectra = centeredStft(targets, window, kStftHop);
    const at::Tensor error = centeredStft(asBatch(estimate), window, kStftHop) - spectra;
    add((error.abs() * spectrumWeights(spectra, targets)).mean(), options_.stft);
  }
  if (options_.mel > 0.0) add(melPerResolution(estimate, target).mean(), options_.mel);
  return loss;
}

at::Tensor ReconstructionLoss::melPerResolution(const at::Tensor& estimate,
                                                const at::Tensor& target) {
  checkPair(estimate, target);
  const at::Tensor estimates = asBatch(estimate);
  const at::Tensor targets = asBatch(target);
  prepare(estimates);
  std::vector<at::Tensor> distances;
  distances.reserve(resolutions_.size());
  for (const Resolution& resolution : resolutions_) {
    distances.push_back(
        spectralDistance(melSpectrogram(estimates, resolution.window, resolution.filterbank),
                         melSpectrogram(targets, resolution.window, resolution.filterbank)));
  }
  return at::stack(distances);
}

void ReconstructionLoss::prepare(const at::Tensor& signal) {
  const at::TensorOptions wanted = signal.options().requires_grad(false);
  if (!resolutions_.empty() && resolutions_.front().window.options().type_equal(wanted)) return;
  resolutions_.clear();
  for (const int64_t size : options_.fftSizes) {
    resolutions_.push_back({.window = at::hann_window(size, wanted),
                            .filterbank = weightedFilterbank(options_, size, wanted)});
  }
}

}  // namespace fewsound
