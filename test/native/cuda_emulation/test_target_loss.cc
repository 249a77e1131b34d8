// The loss against a fixed target on CUDA, emulated, against the reference.

#include "native/loss/cuda/target_loss_cuda.h"
#include "test/native/check.h"
#include "test/native/cuda_emulation/cuda_runtime.h"
#include "test/native/loss_cases.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

double error(const ReconstructionLossOptions& options, const at::Tensor& target,
             const at::Tensor& estimate) {
  TORCH_CHECK(cuda::takesTargetLoss(options, target), "the kernels decline");
  return lossError(*cuda::makeTargetLoss(options, target), options, target, estimate);
}

}  // namespace

TEST(emulatedLossEqualsTheReferenceOnRandomShapes) {
  std::mt19937 random(5);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  at::manual_seed(5);
  for (int i = 0; i < kEmulatedCases; ++i) {
    LossCase c = randomLoss(random);
    c.samples = std::min<int64_t>(c.samples, 400);
    const at::Tensor target = noise(c.clips, c.samples, at::kDouble);
    const at::Tensor estimate = noise(c.clips, c.samples, at::kDouble);
    CHECK(error(c.options, target, estimate) < 1e-10);
  }
}

TEST(emulatedLossIsCloseToTheReferenceInSingle) {
  at::manual_seed(6);
  const ReconstructionLossOptions options = lossOf({512, 256, 128}, 64);
  const at::Tensor target = noise(2, 2000, at::kFloat);
  CHECK(error(options, target, noise(2, 2000, at::kFloat)) < 1e-4);
  CHECK(error(options, target, target * 0.3) < 1e-4);
}

TEST(emulatedLossIsNothingWhereTheEstimateIsTheTarget) {
  const at::Tensor silence = at::zeros({1, 300}, at::kDouble);
  for (const at::Tensor& each : {noise(1, 300, at::kDouble), silence}) {
    const auto loss = cuda::makeTargetLoss(lossOf({64, 32}, 12), each);
    loss->evaluate(each);
    CHECK(loss->losses().item<double>() == 0.0);
    CHECK(loss->gradient().abs().max().item<double>() == 0.0);
  }
}

TEST(emulatedLossHasAPartInTimeAlone) {
  ReconstructionLossOptions options;
  options.mel = 0.0;
  CHECK(error(options, noise(1, 5000, at::kDouble), noise(1, 5000, at::kDouble)) < 1e-12);
}

TEST(emulatedLossGivesTheSameBitsAgain) {
  const auto loss = cuda::makeTargetLoss(lossOf({64, 128}, 16), noise(2, 700, at::kFloat));
  const at::Tensor estimate = noise(2, 700, at::kFloat);
  loss->evaluate(estimate);
  const at::Tensor losses = loss->losses().clone();
  const at::Tensor gradient = loss->gradient().clone();
  // The emulation's threads take turns in another order each time.
  loss->evaluate(estimate);
  CHECK(at::equal(loss->losses(), losses) && at::equal(loss->gradient(), gradient));
}

TEST(emulatedLossPassesNansOn) {
  const auto loss = cuda::makeTargetLoss(lossOf({64}, 12), noise(1, 300, at::kDouble));
  at::Tensor estimate = noise(1, 300, at::kDouble);
  estimate[0][150] = NAN;
  loss->evaluate(estimate);
  CHECK(loss->losses().isnan().all().item<bool>());
}
