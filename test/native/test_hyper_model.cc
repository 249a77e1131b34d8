// Models that write networks, and the steps of their training.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "native/nn/finer.h"
#include "native/nn/hyper/gru.h"
#include "native/nn/hyper/hyper_model.h"
#include "native/nn/hyper/snake.h"
#include "native/nn/hyper/soundstream_encoder.h"
#include "native/nn/hyper/universal_weights.h"
#include "native/nn/kan.h"
#include "native/nn/nerf.h"
#include "native/nn/siren.h"
#include "native/train/hyper_objective.h"
#include "native/train/trainer.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"
#include "test/native/loss_cases.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

constexpr int64_t kSamples = 80;

/// KAN, NeRF and SIREN, with frequencies and omegas that are written too.
std::vector<AnyInrOptions> smallTargets() {
  InrOptions common;
  common.seed = 1;
  common.dtype = at::kDouble;
  KanOptions kan{common};
  kan.layers = {3, 2};
  kan.encoding = 2;
  kan.learnableEncoding = true;
  kan.grid = 3;
  kan.order = 2;
  NerfOptions nerf{common};
  nerf.layers = {4, 3};
  nerf.encoding = 2;
  nerf.learnableEncoding = true;
  SirenOptions siren{common};
  siren.layers = {4, 3};
  siren.omega0 = 5.0;
  siren.omega = 2.0;
  siren.learnableOmega = true;
  return {kan, nerf, siren};
}

HyperModelOptions smallModel(const AnyInrOptions& target, bool layerNorm = true) {
  HyperModelOptions options;
  options.seed = 3;
  options.dtype = at::kDouble;
  options.target = target;
  options.samples = kSamples;
  options.encoder =
      SoundStreamOptions{.channels = 2, .dimension = 2, .strides = {2, 4}, .layerNorm = layerNorm};
  options.hidden = {6, 5};
  options.universal = UniversalOptions{.kernel = 4, .convolutions = 2};
  return options;
}

at::Tensor sounds(int64_t count) {
  const at::Tensor i = at::arange(kSamples, at::kDouble);
  const at::Tensor row = at::arange(1, count + 1, at::kDouble).unsqueeze(1);
  return at::sin(i * i * row / 900.0 + row);
}

at::Tensor times() { return timeAxis(kSamples, at::kDouble); }

constexpr ScheduledRate kRate{.learningRate = 0.01, .beta1 = 0.9};

ReconstructionLossOptions quickLoss() { return lossOf({64, 32}, 12); }

Trainer trainerOf(const std::shared_ptr<HyperModel>& model, double maxGradientNorm = 0.0) {
  return {std::make_shared<HyperObjective>(model, HyperObjectiveOptions{.loss = quickLoss()}),
          {.maxGradientNorm = maxGradientNorm, .threads = 1}};
}

std::vector<at::Tensor> valuesOf(const HyperModel& model) {
  std::vector<at::Tensor> values;
  for (const at::Tensor& tensor : model.learnable()) values.push_back(tensor.detach().clone());
  return values;
}

double largestDifference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double worst = 0.0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, distance(a[i], b[i]));
  return worst;
}

}  // namespace

TEST(everyRecordingHasAnAmplitudeForEveryTime) {
  for (const AnyInrOptions& target : smallTargets()) {
    const HyperModel model(smallModel(target));
    CHECK(model.encode(sounds(3)).sizes() == at::IntArrayRef({3, 2 * kSamples / 8 * 2}));
    CHECK(model.write(model.encode(sounds(3)), 1.0).sizes() ==
          at::IntArrayRef({3, model.layout().numbers()}));
    CHECK(model.forward(sounds(3), times(), 1.0).sizes() == at::IntArrayRef({3, kSamples}));
    CHECK(model.forward(sounds(2), times().narrow(0, 5, 7), 0.5).sizes() ==
          at::IntArrayRef({2, 7}));
  }
}

TEST(theVectorHoldsAllThatTheTargetLearns) {
  for (const AnyInrOptions& target : smallTargets()) {
    const HyperModel model(smallModel(target));
    CHECK(model.layout().numbers() == makeInr(target)->parameterCount());
    int64_t offset = 0;
    for (const WeightVector::Slot& slot : model.layout().slots()) {
      CHECK(slot.offset == offset);
      offset += slot.size;
    }
    CHECK(offset == model.layout().numbers());
  }
}

TEST(gradientsOfHypernetworksAgreeWithDifferences) {
  for (const AnyInrOptions& target : smallTargets()) {
    for (const bool layerNorm : {true, false}) {
      const HyperModel model(smallModel(target, layerNorm));
      const at::Tensor audio = sounds(2);
      const at::Tensor w = at::cos(5.0 * times()).squeeze(1);
      const auto objective = [&] { return (model.forward(audio, times(), 0.7) * w).sum(); };
      const std::vector<at::Tensor> parameters = model.learnable();
      const auto gradients = torch::autograd::grad({objective()}, parameters);
      for (size_t p = 0; p < parameters.size(); ++p) {
        const at::Tensor flat = parameters[p].detach().view(-1);
        const at::Tensor gradient = gradients[p].reshape(-1);
        const double scale = std::max(1.0, gradient.abs().max().item<double>());
        // Some of each: there are a few thousand in all.
        for (int64_t j = 0; j < flat.numel(); j += 1 + flat.numel() / 4) {
          const double kept = flat[j].item<double>();
          flat[j].fill_(kept + 1e-6);
          const double above = objective().item<double>();
          flat[j].fill_(kept - 1e-6);
          const double below = objective().item<double>();
          flat[j].fill_(kept);
          CHECK_CLOSE(gradient[j].item<double>(), (above - below) / 2e-6, 1e-6 * scale);
        }
      }
    }
  }
}

TEST(snakeAndItsGradientsAgreeWithDifferencesAndItsReference) {
  const at::Tensor x = at::sin(at::arange(30, at::kDouble) * 2.3).view({2, 3, 5}) * 2.0;
  const at::Tensor alpha = at::tensor({0.3, 1.0, -1.7}, at::kDouble).view({1, 3, 1});
  const at::Tensor w = at::cos(at::arange(30, at::kDouble)).view({2, 3, 5});
  const ScalarFunction objective = [&](const std::vector<at::Tensor>& at) {
    return (snake(at[0], at[1]) * w).sum();
  };
  CHECK(distance(snake(x, alpha), snakeReference(x, alpha)) < 1e-14);
  CHECK(gradientError(objective, {x, alpha}) < 1e-8);
  CHECK(secondGradientError(objective, {x, alpha}) < 1e-6);
}

TEST(theLastStateOfAGruAndItsGradientsAgreeWithDifferencesAndItsReference) {
  at::manual_seed(5);
  const at::Tensor x = at::randn({2, 4, 3}, at::kDouble);
  const std::vector<at::Tensor> inputs{x, at::randn({6, 3}, at::kDouble),
                                       at::randn({6, 2}, at::kDouble), at::randn({6}, at::kDouble),
                                       at::randn({6}, at::kDouble)};
  const at::Tensor w = at::randn({2, 2}, at::kDouble);
  const auto weights = [](const std::vector<at::Tensor>& at) {
    return GruWeights{at[1], at[2], at[3], at[4]};
  };
  const ScalarFunction objective = [&](const std::vector<at::Tensor>& at) {
    return (lastGruState(at[0], weights(at)) * w).sum();
  };
  CHECK(distance(lastGruState(x, weights(inputs)), lastGruStateReference(x, weights(inputs))) <
        1e-14);
  CHECK(gradientError(objective, inputs) < 1e-8);
  CHECK(secondGradientError(objective, inputs) < 1e-6);
}

TEST(aKernelBeyondTheTargetIsAnErrorThatSaysWhatToDo) {
  HyperModelOptions options = smallModel(smallTargets()[1]);
  options.universal->kernel = 8101;
  CHECK_THROWS(HyperModel(options), "make the target larger or universalKernel smaller");
  options = smallModel(smallTargets()[1]);
  options.sharedLayers = {3};
  CHECK_THROWS(HyperModel(options), "from 0 to 2");
  options = smallModel(FinerOptions{});
  CHECK_THROWS(HyperModel(options), "'kan', 'nerf' or 'siren'");
}

TEST(longKernelsOverTheUniversalWeightsGiveWhatConvolutionsGive) {
  for (const auto& [dtype, bound] : {std::pair(at::kDouble, 1e-12), std::pair(at::kFloat, 1e-5)}) {
    NerfOptions target;
    target.seed = 1;
    target.dtype = dtype;
    target.layers = {30, 30};
    const HyperModel model(smallModel(target));
    UniversalWeights g({.kernel = 700, .convolutions = 2}, model.layout(), 5,
                       Initializer({.seed = 2, .dtype = dtype}));
    const auto named = g.named_parameters();
    const at::Tensor found = g.encode();
    at::Tensor exact = g.weights().unsqueeze(0).to(at::kDouble);
    for (const std::string name : {"conv0", "conv1"}) {
      exact = at::elu(at::conv1d(exact, named[name + ".weight"].to(at::kDouble),
                                 named[name + ".bias"].to(at::kDouble)));
    }
    exact = at::linear(exact.squeeze(0), named["linear.weight"].to(at::kDouble),
                       named["linear.bias"].to(at::kDouble));
    CHECK_CLOSE(distance(found.to(at::kDouble), exact), 0.0, bound);
    const auto gradients = torch::autograd::grad({found.sum()}, named.values());
    const auto expected = torch::autograd::grad({exact.sum()}, named.values());
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK_CLOSE(distance(gradients[i], expected[i]), 0.0, bound);
    }
  }
}

TEST(aTargetThatIsSetIsOneThatItWasMadeFor) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cases in every run.
  std::mt19937 random(7);
  at::manual_seed(7);
  for (int i = 0; i < 40; ++i) {
    const LossCase c = randomLoss(random);
    const at::ScalarType dtype = i % 2 == 0 ? at::kDouble : at::kFloat;
    const at::Tensor first = noise(c.clips, c.samples, dtype);
    const at::Tensor second = noise(c.clips, c.samples, dtype);
    const at::Tensor estimate = noise(c.clips, c.samples, dtype);
    for (const bool reference : {false, true}) {
      const auto make = reference ? &TargetLoss::makeReference : &TargetLoss::make;
      const auto kept = make(c.options, first);
      kept->evaluate(estimate);
      kept->setTarget(second);
      kept->evaluate(estimate);
      const auto made = make(c.options, second);
      made->evaluate(estimate);
      CHECK(kept->losses().equal(made->losses()));
      CHECK(kept->gradient().equal(made->gradient()));
    }
  }
}

TEST(aTargetOfAnotherShapeOrDtypeIsAnError) {
  const auto loss = TargetLoss::make(lossOf({64}, 12), noise(2, 300, at::kFloat));
  CHECK_THROWS(loss->setTarget(noise(2, 299, at::kFloat)), "[2, 299]");
  CHECK_THROWS(loss->setTarget(noise(1, 300, at::kFloat)), "[1, 300]");
  CHECK_THROWS(loss->setTarget(noise(2, 300, at::kDouble)), "dtype");
}

TEST(accumulatedBatchesMakeTheUpdateOfOneBatch) {
  const at::Tensor audio = sounds(5);
  for (const AnyInrOptions& target : smallTargets()) {
    const auto whole = std::make_shared<HyperModel>(smallModel(target));
    const auto parts = std::make_shared<HyperModel>(smallModel(target));
    Trainer one = trainerOf(whole);
    Trainer two = trainerOf(parts);
    for (int i = 0; i < 3; ++i) {
      const TrainingStep expected = one.step({.audio = {audio}, .factor = 0.5}, kRate);
      // Not of one size: every recording counts alike.
      const TrainingStep step =
          two.step({.audio = {audio.narrow(0, 0, 3), audio.narrow(0, 3, 2)}, .factor = 0.5}, kRate);
      CHECK_CLOSE(step.loss, expected.loss, 1e-9);
      CHECK_CLOSE(step.gradientNorm, expected.gradientNorm, 1e-7 * expected.gradientNorm);
    }
    CHECK(largestDifference(valuesOf(*parts), valuesOf(*whole)) < 1e-6);
    CHECK(largestDifference(valuesOf(*whole), valuesOf(HyperModel(smallModel(target)))) > 1e-3);
  }
}

TEST(aStepHasTheMeanLossOfItsRecordings) {
  const auto model = std::make_shared<HyperModel>(smallModel(smallTargets()[0]));
  Trainer trainer = trainerOf(model);
  const at::Tensor audio = sounds(3);
  const Evaluation found = trainer.evaluate({.audio = {audio}, .factor = 0.5});
  const at::Tensor estimates = model->forward(audio, times(), 0.5).detach();
  CHECK(distance(found.outputs, estimates) < 1e-12);
  const auto loss = TargetLoss::makeReference(quickLoss(), audio);
  loss->evaluate(estimates);
  CHECK(distance(found.losses, loss->losses()) < 1e-9);
  CHECK_CLOSE(trainer.step({.audio = {audio}, .factor = 0.5}, kRate).loss,
              loss->losses().mean().item<double>(), 1e-9);
}

TEST(clippingScalesTheGradientsToTheirBound) {
  const auto model = std::make_shared<HyperModel>(smallModel(smallTargets()[1]));
  Trainer trainer = trainerOf(model, 1e-3);
  const TrainingStep step = trainer.step({.audio = {sounds(2)}}, kRate);
  CHECK(step.gradientNorm > 1e-2);
  double squares = 0.0;
  for (const at::Tensor& moment : trainer.optimizer().firstMoments()) {
    squares += moment.square().sum().item<double>();
  }
  CHECK_CLOSE(std::sqrt(squares), 0.1 * 1e-3, 1e-9);
}

TEST(aLossThatIsNoNumberMakesNoUpdate) {
  const auto model = std::make_shared<HyperModel>(smallModel(smallTargets()[2]));
  Trainer trainer = trainerOf(model);
  const auto before = valuesOf(*model);
  at::Tensor broken = sounds(2);
  broken[1][7].fill_(std::nan(""));
  const TrainingStep step = trainer.step({.audio = {sounds(2), broken}}, kRate);
  CHECK(!std::isfinite(step.loss));
  CHECK(!std::isfinite(step.gradientNorm));
  const auto after = valuesOf(*model);
  for (size_t i = 0; i < before.size(); ++i) CHECK(after[i].equal(before[i]));
  CHECK(trainer.stepCount() == 0);
  CHECK(std::isfinite(trainer.step({.audio = {sounds(2)}}, kRate).gradientNorm));
  CHECK(trainer.stepCount() == 1);
}

TEST(recordingsThatDoNotFitAreErrors) {
  const auto model = std::make_shared<HyperModel>(smallModel(smallTargets()[1]));
  Trainer trainer = trainerOf(model);
  CHECK_THROWS(trainer.step({.audio = {}}, kRate), "no recordings");
  CHECK_THROWS(trainer.step({.audio = {sounds(2).narrow(1, 0, 70)}}, kRate),
               "expected [batch, 80]");
  CHECK_THROWS(model->encode(sounds(1).to(at::kFloat)), "the recordings are Float");
}
