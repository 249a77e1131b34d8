// Recorded steps with a recorder that runs its work again, which needs no device.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "native/train/recorded_steps.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

/// What a recording of a quadratic bowl works on.
struct Bowl {
  at::Tensor weights = at::tensor({1.0F, -2.0F, 0.5F}).requires_grad_();
  at::Tensor losses = at::zeros({1}, at::kDouble);
  AdamW optimizer{{weights}, {}};

  void computeGradients() {
    const at::AutoGradMode gradients(true);
    optimizer.zeroGrad();
    const at::Tensor loss = (weights * weights * at::tensor({1.0F, 3.0F, 9.0F})).sum();
    losses.copy_(loss.detach().view({1}));
    loss.backward();
  }
};

class RunAgain : public StepGraph {
 public:
  explicit RunAgain(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

/// As the recorder of CUDA: the work runs once to warm it up.
std::unique_ptr<StepGraph> runAgain(c10::Device, const std::function<void()>& work) {
  work();
  return std::make_unique<RunAgain>(work);
}

std::vector<ScheduledRate> someRates(int64_t first, int64_t count) {
  std::vector<ScheduledRate> rates;
  for (int64_t i = first; i < first + count; ++i) {
    const auto step = static_cast<double>(i);
    rates.push_back({.learningRate = 0.05 / (1.0 + step), .beta1 = 0.9 - 0.01 * step});
  }
  return rates;
}

}  // namespace

TEST(recordedStepsAreTheStepsBitForBit) {
  Bowl plain;
  std::vector<double> losses;
  for (const ScheduledRate& rate : someRates(0, 10)) {
    plain.computeGradients();
    losses.push_back(plain.losses.item<double>());
    plain.optimizer.step(rate.learningRate, rate.beta1);
  }

  Bowl bowl;
  const auto steps =
      RecordedSteps::make([&] { bowl.computeGradients(); }, bowl.losses, bowl.optimizer, runAgain);
  const at::Tensor first = steps->take(someRates(0, 7));
  const at::Tensor second = steps->take(someRates(7, 3));
  CHECK(first.sizes() == at::IntArrayRef({7, 1}));
  CHECK(at::cat({first, second}).flatten().equal(at::tensor(losses, at::kDouble)));
  CHECK(bowl.weights.equal(plain.weights));
  CHECK(bowl.optimizer.stepCount() == 10);
}

TEST(recordingChangesNothing) {
  Bowl bowl;
  const at::Tensor before = bowl.weights.detach().clone();
  const auto unchanged = [&] {
    return bowl.weights.equal(before) &&
           bowl.optimizer.firstMoments().front().abs().max().item<double>() == 0.0 &&
           bowl.optimizer.secondMoments().front().abs().max().item<double>() == 0.0 &&
           bowl.optimizer.stepCount() == 0;
  };
  const auto compute = [&] { bowl.computeGradients(); };
  CHECK(RecordedSteps::make(compute, bowl.losses, bowl.optimizer, runAgain) != nullptr);
  CHECK(unchanged());
  const auto failing = [](c10::Device,
                          const std::function<void()>& work) -> std::unique_ptr<StepGraph> {
    work();
    throw std::runtime_error("no recording today");
  };
  CHECK_THROWS(RecordedSteps::make(compute, bowl.losses, bowl.optimizer, failing),
               "no recording today");
  CHECK(unchanged());
}

TEST(nothingIsRecordedWithoutARecorder) {
  Bowl bowl;
  const auto compute = [&] { bowl.computeGradients(); };
  CHECK(RecordedSteps::make(compute, bowl.losses, bowl.optimizer) == nullptr);
}

TEST(aWindowHasAnEnd) {
  Bowl bowl;
  const auto steps =
      RecordedSteps::make([&] { bowl.computeGradients(); }, bowl.losses, bowl.optimizer, runAgain);
  CHECK_THROWS(steps->take(someRates(0, RecordedSteps::kWindow + 1)), "a window has 64 steps");
}
