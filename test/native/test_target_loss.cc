// The loss against a fixed target, with its gradient in one go, against the differentiable loss.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <random>

#include "native/loss/target_loss.h"
#include "test/native/check.h"
#include "test/native/loss_cases.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

double error(const ReconstructionLossOptions& options, const at::Tensor& target,
             const at::Tensor& estimate) {
  return lossError(*TargetLoss::make(options, target), options, target, estimate);
}

}  // namespace

TEST(itEqualsTheDifferentiableLossOnRandomShapes) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cases in every run.
  std::mt19937 random(3);
  at::manual_seed(3);
  for (int i = 0; i < 60; ++i) {
    const LossCase c = withOtherParts(randomLoss(random), random);
    const at::Tensor target = noise(c.clips, c.samples, at::kDouble);
    const at::Tensor estimate = noise(c.clips, c.samples, at::kDouble);
    CHECK(error(c.options, target, estimate) < 1e-10);
  }
}

TEST(singlePrecisionIsCloseToTheReference) {
  at::manual_seed(4);
  const at::Tensor target = noise(1, 32768, at::kFloat);
  CHECK(error({}, target, noise(1, 32768, at::kFloat)) < 1e-4);
  CHECK(error({}, target, target * 0.3) < 1e-4);
}

TEST(silenceAndEqualityHaveFiniteGradients) {
  const at::Tensor target = noise(1, 300, at::kDouble);
  const at::Tensor silence = at::zeros({1, 300}, at::kDouble);
  for (const auto& [one, other] : {std::pair(target, target), std::pair(silence, silence)}) {
    const auto loss = TargetLoss::make(lossOf({64, 32}, 12), one);
    loss->evaluate(other);
    CHECK(loss->losses().item<double>() == 0.0);
    CHECK(loss->gradient().abs().max().item<double>() == 0.0);
  }
  CHECK(error(lossOf({64, 32}, 12), target, silence) < 1e-12);
}

TEST(nanReachesTheLoss) {
  const at::Tensor target = noise(2, 300, at::kFloat);
  at::Tensor estimate = target * 0.5;
  estimate[1][7].fill_(std::nan(""));
  for (const double time : {0.0, 1.0}) {
    ReconstructionLossOptions options = lossOf({64, 32}, 12);
    options.time = time;
    const auto loss = TargetLoss::make(options, target);
    loss->evaluate(estimate);
    CHECK(std::isfinite(loss->losses()[0].item<double>()));
    CHECK(std::isnan(loss->losses()[1].item<double>()));
  }
}

TEST(theResultIsTheSameWithAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  at::manual_seed(5);
  const at::Tensor target = noise(1, 20000, at::kFloat);
  const at::Tensor estimate = noise(1, 20000, at::kFloat);
  const auto loss = TargetLoss::make({}, target);
  at::set_num_threads(1);
  loss->evaluate(estimate);
  const at::Tensor gradient = loss->gradient().clone();
  at::set_num_threads(3);
  loss->evaluate(estimate);
  CHECK(loss->gradient().equal(gradient));
  at::set_num_threads(before);
}

TEST(theCourseChangesTheWeights) {
  at::manual_seed(6);
  ReconstructionLossOptions options = lossOf({64, 32}, 12);
  options.course = {
      {.from = 0.5, .glide = true, .emphasized = 0.7, .localPower = 0.8, .stft = 0.3}};
  const at::Tensor target = noise(2, 900, at::kDouble);
  const at::Tensor estimate = noise(2, 900, at::kDouble);
  const auto loss = TargetLoss::make(options, target);
  for (const double part : {0.0, 0.25, 0.7, 0.1}) {
    ReconstructionLossOptions now = options;
    static_cast<LossWeights&>(now) = weightsAt(options, options.course, part);
    now.course.clear();
    loss->setPart(part);
    CHECK(lossError(*loss, now, target, estimate) < 1e-10);
  }
}

TEST(anotherTargetTakesThePlaceOfTheFirst) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cases in every run.
  std::mt19937 random(11);
  at::manual_seed(11);
  for (int i = 0; i < 10; ++i) {
    const LossCase c = withOtherParts(randomLoss(random), random);
    const at::Tensor target = noise(c.clips, c.samples, at::kDouble);
    const auto loss = TargetLoss::make(c.options, noise(c.clips, c.samples, at::kDouble));
    loss->setTarget(target);
    CHECK(lossError(*loss, c.options, target, noise(c.clips, c.samples, at::kDouble)) < 1e-10);
  }
}

TEST(whatDoesNotFitIsAnError) {
  const at::Tensor target = noise(1, 300, at::kFloat);
  const auto loss = TargetLoss::make(lossOf({64}, 12), target);
  CHECK_THROWS(loss->evaluate(noise(1, 299, at::kFloat)), "the target [1, 300]");
  CHECK_THROWS(loss->evaluate(noise(1, 300, at::kDouble)), "expected the same dtype and device");
  CHECK_THROWS(TargetLoss::make({}, target), "an FFT size of 2048 needs at least 1025");
  CHECK_THROWS(TargetLoss::makeReference({}, target), "an FFT size of 2048 needs at least 1025");
  CHECK_THROWS(TargetLoss::make(lossOf({}, 12), target), "fftSizes is []");
}
