#include <ATen/ATen.h>

#include "native/audio/mel.h"
#include "native/audio/stft.h"
#include "native/loss/reconstruction_loss.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;

namespace {

/// A chord, [1, samples].
at::Tensor chord(int64_t samples, at::ScalarType dtype = at::kDouble) {
  const at::Tensor n = at::arange(samples, at::kDouble);
  return (n.mul(0.11).sin() * 0.5 + n.mul(0.73).sin() * 0.3).to(dtype).unsqueeze(0);
}

ReconstructionLossOptions smallLoss() {
  ReconstructionLossOptions options;
  options.mels = 12;
  options.fftSizes = {64, 32};
  return options;
}

}  // namespace

TEST(filtersAreTrianglesWithZeroRowsWhereNoBinFalls) {
  const at::Tensor filterbank = melFilterbank(22050, 2048, 128, at::kDouble);
  CHECK(filterbank.sizes() == at::IntArrayRef({128, 1025}));
  CHECK(filterbank.min().item<double>() >= 0.0);
  const auto emptyBands = [](int64_t fftSize) {
    return melFilterbank(22050, fftSize, 128, at::kDouble).sum(1).eq(0.0).sum().item<int64_t>();
  };
  CHECK(emptyBands(2048) == 0);
  CHECK(emptyBands(256) == 20);
  CHECK(emptyBands(128) == 46);
  // Area normalisation: each filter integrates to 1 over frequency, bin by bin.
  const at::Tensor areas = filterbank.sum(1) * (22050.0 / 2048.0);
  CHECK_CLOSE(areas[100].item<double>(), 1.0, 0.02);
}

TEST(spectrogramOfASineStandsAtItsBand) {
  const at::Tensor n = at::arange(4096, at::kDouble);
  const at::Tensor sine = (n * (2.0 * M_PI * 2000.0 / 22050.0)).sin().unsqueeze(0);
  const at::Tensor spectrogram = melSpectrogram(sine, at::hann_window(1024, at::kDouble),
                                                melFilterbank(22050, 1024, 64, at::kDouble));
  CHECK(spectrogram.sizes() == at::IntArrayRef({1, 64, 17}));
  const at::Tensor loudest = spectrogram[0].select(1, 8).argmax();
  const at::Tensor centre = melFilterbank(22050, 1024, 64, at::kDouble).select(1, 93).argmax();
  CHECK(loudest.item<int64_t>() == centre.item<int64_t>());
}

TEST(stftIsLibTorchs) {
  const at::Tensor signals = at::cat({chord(333), chord(333).flip(1)});
  const at::Tensor window = at::hann_window(64, at::kDouble);
  const at::Tensor expected = at::stft(signals, 64, 16, 64, window, /*center=*/true, "reflect",
                                       /*normalized=*/false, /*onesided=*/true,
                                       /*return_complex=*/true);
  const at::Tensor spectrum = centeredStft(signals, window, 16);
  CHECK(spectrum.transpose(1, 2).allclose(expected, 1e-13, 1e-13));
}

TEST(spectrogramsCanBeDifferentiatedTwice) {
  const at::Tensor window = at::hann_window(16, at::kDouble);
  const at::Tensor filterbank = melFilterbank(22050, 16, 6, at::kDouble);
  const auto sum = [&](const std::vector<at::Tensor>& inputs) {
    return melSpectrogram(inputs[0], window, filterbank).square().sum() +
           melSpectrogram(inputs[0], window, filterbank).sum();
  };
  for (const int64_t samples : {9, 30, 33}) {
    CHECK(test::gradientError(sum, {chord(samples)}) < 1e-7);
    CHECK(test::secondGradientError(sum, {chord(samples)}) < 1e-6);
  }
}

TEST(equalSignalsHaveNoLossAndAFiniteGradient) {
  for (const at::Tensor& signal : {chord(300), at::zeros({1, 300}, at::kDouble)}) {
    ReconstructionLoss loss(smallLoss());
    const at::Tensor estimate = signal.clone().requires_grad_();
    const at::Tensor value = loss(estimate, signal);
    CHECK_CLOSE(value.item<double>(), 0.0, 1e-15);
    CHECK(torch::autograd::grad({value}, {estimate})[0].isfinite().all().item<bool>());
  }
}

TEST(lossIsItsTwoPartsWeighted) {
  const at::Tensor target = chord(300);
  const at::Tensor estimate = target * 0.7 + 0.01;
  ReconstructionLossOptions options = smallLoss();
  options.time = 2.0;
  options.mel = 3.0;
  ReconstructionLoss loss(options);
  const double time = (estimate - target).abs().mean().item<double>();
  const double mel = loss.melPerResolution(estimate, target).mean().item<double>();
  CHECK_CLOSE(loss(estimate, target).item<double>(), 2.0 * time + 3.0 * mel, 1e-14);
  CHECK(loss.melPerResolution(estimate, target).sizes() == at::IntArrayRef({2}));
  options.mel = 0.0;
  CHECK_CLOSE(ReconstructionLoss(options)(estimate, target).item<double>(), 2.0 * time, 1e-15);
}

TEST(gradientsOfTheLossAgreeWithDifferences) {
  const at::Tensor target = chord(80);
  for (const double power : {0.0, 1.5}) {
    ReconstructionLossOptions options = smallLoss();
    options.bandPower = power;
    ReconstructionLoss loss(options);
    const auto value = [&](const std::vector<at::Tensor>& inputs) {
      return loss(inputs[0], target);
    };
    CHECK(test::gradientError(value, {target * 0.6 + 0.02}) < 1e-5);
  }
}

TEST(bandPowerRaisesTheWeightOfHighBands) {
  const at::Tensor n = at::arange(2048, at::kDouble);
  const at::Tensor low = (n * 0.05).sin().unsqueeze(0);
  const at::Tensor high = (n * 2.5).sin().unsqueeze(0);
  const at::Tensor silence = at::zeros_like(low);
  ReconstructionLossOptions options = smallLoss();
  options.time = 0.0;
  ReconstructionLoss plain(options);
  options.bandPower = 1.0;
  ReconstructionLoss weighted(options);
  const auto ratio = [&](const at::Tensor& signal) {
    return weighted(signal, silence).item<double>() / plain(signal, silence).item<double>();
  };
  CHECK(ratio(low) < 0.7);
  CHECK(ratio(high) > 1.5);
}

TEST(wrongSignalsAndOptionsAreErrors) {
  ReconstructionLoss loss(smallLoss());
  CHECK_THROWS(loss(chord(32), chord(32)), "an FFT size of 64 needs at least 33");
  CHECK_THROWS(loss(chord(100), chord(101)), "the target [1, 101]");
  CHECK_THROWS(loss(chord(100, at::kFloat), chord(100)), "expected both float32 or both float64");
  const auto with = [](auto change) {
    ReconstructionLossOptions options;
    change(options);
    ReconstructionLoss made(options);
  };
  CHECK_THROWS(with([](auto& o) { o.fftSizes = {}; }), "fftSizes is []");
  CHECK_THROWS(with([](auto& o) { o.fftSizes = {1022}; }), "fftSizes has 1022");
  CHECK_THROWS(with([](auto& o) { o.mels = 0; }), "mels is 0");
  CHECK_THROWS(with([](auto& o) { o.time = o.mel = 0.0; }), "both 0");
  CHECK_THROWS(with([](auto& o) { o.sampleRate = -1; }), "sampleRate is -1");
}
