// The spectral encoder: what it hears, its gradients and its running statistics. Its numbers are
// those of test/golden/spectral.py.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "native/nn/hyper/hyper_model.h"
#include "native/nn/hyper/spectral_encoder.h"
#include "native/nn/nerf.h"
#include "native/train/hyper_objective.h"
#include "native/train/trainer.h"
#include "test/native/check.h"
#include "test/native/loss_cases.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

constexpr int64_t kSamples = 2600;

SpectralOptions smallOptions() {
  SpectralOptions options;
  options.hidden = 4;
  options.lookahead = 2;
  options.width = 3;
  options.sampleRate = 16'000;
  options.posteriorgramHidden = 3;
  options.posteriorgramWindow = 256;
  return options;
}

std::shared_ptr<SpectralEncoder> makeEncoder(const SpectralOptions& options,
                                             int64_t samples = kSamples) {
  const Initializer initializer(ModelOptions{.seed = 4, .dtype = at::kDouble});
  return std::make_shared<SpectralEncoder>(options, samples, initializer);
}

/// Sines, one below the other.
at::Tensor tones(double hertz, double rate, int64_t samples) {
  const at::Tensor t = at::arange(samples, at::kDouble) / rate;
  const at::Tensor row = at::arange(1, 3, at::kDouble).unsqueeze(1);
  return at::sin(2.0 * std::numbers::pi * hertz * row * t) + 0.3 * at::sin(9000.0 * t * t);
}

at::Tensor feature(const SpectralEncoder& encoder, const std::string& name,
                   const at::Tensor& audio) {
  for (const auto& [each, value] : encoder.features(audio)) {
    if (each == name) return value;
  }
  throw std::runtime_error("no feature " + name);
}

std::vector<at::Tensor> copies(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> all;
  all.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) all.push_back(tensor.detach().clone());
  return all;
}

void putBack(const std::vector<at::Tensor>& tensors, const std::vector<at::Tensor>& values) {
  const at::NoGradGuard noGrad;
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(values[i]);
}

/// The largest error of derivatives along random directions, relative to the gradient's length.
double directionError(const SpectralEncoder& encoder, bool learning) {
  constexpr double kStep = 1e-6;
  const at::Tensor audio = tones(150.0, 16'000.0, kSamples);
  const std::vector<at::Tensor> parameters = encoder.parameters();
  const std::vector<at::Tensor> start = copies(parameters);
  const at::Tensor weight = at::linspace(-1.0, 2.0, 6, at::kDouble).view({2, 3});
  const auto value = [&] {
    return ((learning ? encoder.learn(audio) : encoder.forward(audio)) * weight).sum();
  };
  const auto gradients = torch::autograd::grad({value()}, parameters);
  double length = 0.0;
  for (const at::Tensor& gradient : gradients) length += gradient.square().sum().item<double>();
  double worst = 0.0;
  for (int64_t trial = 0; trial < 6; ++trial) {
    std::vector<at::Tensor> direction;
    double expected = 0.0;
    for (const at::Tensor& gradient : gradients) {
      direction.push_back(at::randn_like(gradient));
      expected += (gradient * direction.back()).sum().item<double>();
    }
    const auto along = [&](double step) {
      const at::NoGradGuard noGrad;
      for (size_t i = 0; i < parameters.size(); ++i) {
        parameters[i].copy_(start[i] + step * direction[i]);
      }
      return value().item<double>();
    };
    const double found = (along(kStep) - along(-kStep)) / (2.0 * kStep);
    putBack(parameters, start);
    worst = std::max(worst, std::abs(found - expected) / std::sqrt(length));
  }
  return worst;
}

}  // namespace

TEST(gradientsAgreeWithDifferencesWhileItLearnsAndAfterwards) {
  at::manual_seed(1);
  for (const bool learning : {false, true}) {
    CHECK_CLOSE(directionError(*makeEncoder(smallOptions()), learning), 0.0, 1e-6);
  }
}

TEST(everyPartCanBeLeftOut) {
  SpectralOptions options = smallOptions();
  options.posteriorgram = PosteriorgramUse::kNone;
  options.loudness = false;
  options.pitch = false;
  const auto encoder = makeEncoder(options);
  const at::Tensor audio = tones(150.0, 16'000.0, kSamples);
  CHECK(encoder->forward(audio).sizes() == at::IntArrayRef({2, 3}));
  CHECK(encoder->features(audio).size() == 2);
  CHECK(encoder->named_parameters()["joined.weight"].size(1) == 4);
}

TEST(aFrozenPosteriorgramDoesNotLearn) {
  SpectralOptions options = smallOptions();
  options.posteriorgram = PosteriorgramUse::kFrozen;
  const auto encoder = makeEncoder(options);
  for (const auto& item : encoder->named_parameters()) {
    CHECK(item.key().find("posteriorgram") == std::string::npos);
  }
  CHECK(encoder->named_buffers().contains("posteriorgram.lstm.weight_hh_l1"));
}

TEST(recordingsAreHeardAt16kHzUnlessToldOtherwise) {
  SpectralOptions options = smallOptions();
  options.sampleRate = 22'050;
  const at::Tensor audio = tones(1000.0, 22'050.0, 4000).slice(0, 0, 1);
  const auto loudest = [&] {
    const at::Tensor spectrogram = feature(*makeEncoder(options, 4000), "spectrogram", audio);
    return spectrogram[0].mean(0).argmax().item<int64_t>();
  };
  CHECK(loudest() == 32);  // 1000 / 16,000 of 512
  options.resample = false;
  CHECK(loudest() == 23);  // 1000 / 22,050 of 512
}

TEST(aFrameOfThePosteriorgramIsTheOneOfItsTime) {
  // Windows of 1024 have half as many frames, of 256 twice as many.
  for (const int64_t window : {256, 512, 1024}) {
    SpectralOptions options = smallOptions();
    options.posteriorgramWindow = window;
    const auto encoder = makeEncoder(options);
    const at::Tensor audio = tones(150.0, 16'000.0, kSamples);
    CHECK(feature(*encoder, "posteriorgram", audio).size(1) == 2 * kSamples / window + 1);
    CHECK(encoder->forward(audio).isfinite().all().item<bool>());
  }
}

TEST(aRecordingWithoutRoomForAFrameIsRefused) {
  CHECK_THROWS(makeEncoder(smallOptions(), 2000), "it needs 2048 or more");
  SpectralOptions options = smallOptions();
  options.pitch = false;
  CHECK_THROWS(makeEncoder(options, 500), "it needs 512 or more");
  options.posteriorgramWindow = 2048;
  CHECK_THROWS(makeEncoder(options, 1024), "it needs 1025 or more");
}

TEST(aStepMovesTheRunningStatisticsAndOneWithoutAnUpdateDoesNot) {
  HyperModelOptions options;
  options.seed = 2;
  options.dtype = at::kDouble;
  NerfOptions target;
  target.layers = {3};
  target.encoding = 2;
  options.target = target;
  options.samples = kSamples;
  options.encoder = smallOptions();
  options.hidden = {4};
  options.universal.reset();
  const auto model = std::make_shared<HyperModel>(options);
  const HyperObjectiveOptions learning{.loss = lossOf({64, 32}, 12)};
  Trainer trainer(std::make_shared<HyperObjective>(model, learning), {});
  const ScheduledRate rate{.learningRate = 1e-3, .beta1 = 0.9};
  const Batch batch{.audio = {tones(150.0, 16'000.0, kSamples)}};
  Batch broken = batch;
  broken.audio.push_back(at::full({1, kSamples}, std::nan(""), at::kDouble));
  const std::vector<at::Tensor> before = copies(model->buffers());
  const auto moved = [&] {
    double distance = 0.0;
    const std::vector<at::Tensor> now = model->buffers();
    for (size_t i = 0; i < now.size(); ++i) {
      distance += (now[i] - before[i]).abs().sum().item<double>();
    }
    return distance;
  };
  trainer.evaluate(batch);
  CHECK(moved() == 0.0);
  CHECK(!std::isfinite(trainer.step(broken, rate).gradientNorm));
  CHECK(moved() == 0.0);
  trainer.step(batch, rate);
  CHECK(moved() > 0.0);
  // They are part of a file of the model.
  int64_t fixed = 0;
  for (const Model::NamedTensor& tensor : model->tensors()) fixed += tensor.learnable ? 0 : 1;
  CHECK(fixed == 4);
}
