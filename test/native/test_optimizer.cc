#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "native/train/adamw.h"
#include "native/train/schedule.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;

namespace {

constexpr AdamWOptions kOptions{.learningRate = 0.05, .weightDecay = 0.1};

/// Decoupled weight decay as the paper of Loshchilov and Hutter writes it, for one number.
struct ScalarAdamW {
  double value;
  double first = 0.0;
  double second = 0.0;
  int step = 0;

  void update(double gradient, double rate, double beta1) {
    ++step;
    value -= rate * kOptions.weightDecay * value;
    first = beta1 * first + (1.0 - beta1) * gradient;
    second = kOptions.betas[1] * second + (1.0 - kOptions.betas[1]) * gradient * gradient;
    const double corrected = first / (1.0 - std::pow(beta1, step));
    const double spread = std::sqrt(second / (1.0 - std::pow(kOptions.betas[1], step)));
    value -= rate * corrected / (spread + kOptions.epsilon);
  }
};

double gradientAt(int step, int index) { return std::sin(1.3 * step + 0.7 * index) + 0.2; }

}  // namespace

TEST(adamWFollowsTheScalarAlgorithm) {
  at::Tensor parameter = at::linspace(-1.0, 2.0, 20, at::kDouble).requires_grad_();
  std::vector<ScalarAdamW> expected;
  expected.reserve(20);
  for (int i = 0; i < 20; ++i) expected.push_back({parameter[i].item<double>()});
  AdamW optimizer({parameter}, kOptions);
  for (int step = 0; step < 30; ++step) {
    at::Tensor gradient = at::empty({20}, at::kDouble);
    const double rate = 0.05 / (1 + step);
    const double beta1 = 0.95 - 0.003 * step;
    for (int i = 0; i < 20; ++i) {
      gradient[i].fill_(gradientAt(step, i));
      expected[i].update(gradientAt(step, i), rate, beta1);
    }
    parameter.mutable_grad() = gradient;
    optimizer.step(rate, beta1);
  }
  CHECK(optimizer.stepCount() == 30);
  for (int i = 0; i < 20; ++i) {
    CHECK_CLOSE(parameter[i].item<double>(), expected[i].value, 1e-13);
    CHECK_CLOSE(optimizer.firstMoments()[0][i].item<double>(), expected[i].first, 1e-13);
    CHECK_CLOSE(optimizer.secondMoments()[0][i].item<double>(), expected[i].second, 1e-13);
  }
}

TEST(complexParametersArePairsOfReals) {
  at::Tensor complex =
      at::view_as_complex(at::linspace(-1.0, 1.0, 6, at::kDouble).view({3, 2})).clone();
  at::Tensor pairs = at::view_as_real(complex).clone();
  complex.requires_grad_();
  pairs.requires_grad_();
  AdamW onComplex({complex}, kOptions);
  AdamW onPairs({pairs}, kOptions);
  for (int step = 0; step < 5; ++step) {
    const at::Tensor gradient = at::linspace(step, -2.0, 6, at::kDouble).view({3, 2});
    complex.mutable_grad() = at::view_as_complex(gradient);
    pairs.mutable_grad() = gradient;
    onComplex.step();
    onPairs.step();
  }
  CHECK(at::view_as_real(complex).equal(pairs));
  CHECK(onComplex.firstMoments()[0].sizes() == at::IntArrayRef({3, 2}));
}

TEST(parametersWithoutAGradientAreLeftAlone) {
  at::Tensor with = at::ones({3}).requires_grad_();
  at::Tensor without = at::ones({3}).requires_grad_();
  AdamW optimizer({with, without}, kOptions);
  with.mutable_grad() = at::ones({3});
  optimizer.step();
  CHECK(with[0].item<double>() < 1.0);
  CHECK(without.equal(at::ones({3})));
  optimizer.zeroGrad();
  CHECK(!with.grad().defined());
}

namespace {

/// What one update with a gradient of 1 to n makes of weights.
at::Tensor updated(const at::Tensor& weights, double learningRate, double maxUpdate) {
  at::Tensor parameter = weights.clone().requires_grad_();
  AdamW optimizer({parameter}, {.weightDecay = 0.0, .maxUpdate = maxUpdate});
  parameter.mutable_grad() = at::arange(1, weights.numel() + 1, at::kDouble).view_as(weights);
  optimizer.step(learningRate, 0.9);
  return parameter.detach();
}

double rootMeanSquare(const at::Tensor& numbers) {
  return numbers.square().mean().sqrt().item<double>();
}

}  // namespace

TEST(updatesAreLimitedToAPartOfTheWeights) {
  const at::Tensor weights = at::linspace(-1.0, 2.0, 20, at::kDouble).view({4, 5});
  const at::Tensor free = updated(weights, 0.1, 0.0) - weights;
  const at::Tensor held = updated(weights, 0.1, 0.02) - weights;
  CHECK_CLOSE(rootMeanSquare(free), 0.1, 1e-8);
  CHECK_CLOSE(rootMeanSquare(held), 0.02 * rootMeanSquare(weights), 1e-14);
  // In the same direction.
  CHECK_CLOSE((held / held[0][0] - free / free[0][0]).abs().max().item<double>(), 0.0, 1e-12);
  // One that is small enough stays what it is, to the bit.
  CHECK(updated(weights, 0.01, 0.02).equal(updated(weights, 0.01, 0.0)));
  // Weights of nothing may become something.
  const at::Tensor nothing = at::zeros({6}, at::kDouble);
  CHECK_CLOSE(rootMeanSquare(updated(nothing, 0.1, 0.02)), 2e-5, 1e-14);
}

TEST(parametersThatChangedTheirShapeAreErrors) {
  for (const bool turned : {false, true}) {
    const at::Tensor parameter = at::zeros({2, 3}).requires_grad_();
    AdamW optimizer({parameter}, kOptions);
    {
      const at::NoGradGuard noGrad;
      if (turned) {
        parameter.t_();
      } else {
        parameter.as_strided_({1000, 1000}, {0, 0});
      }
    }
    parameter.mutable_grad() = at::ones_like(parameter);
    CHECK_THROWS(optimizer.step(), "another now");
  }
}

TEST(wrongOptimizerOptionsAreErrors) {
  const at::Tensor parameter = at::ones({1}).requires_grad_();
  const auto with = [&](AdamWOptions options) { AdamW made({parameter}, options); };
  CHECK_THROWS(with({.learningRate = std::nan("")}), "learningRate is nan");
  CHECK_THROWS(with({.betas = {1.0, 0.999}}), "betas.0 is 1");
  CHECK_THROWS(with({.epsilon = -1.0}), "epsilon is -1");
  CHECK_THROWS(with({.weightDecay = -0.1}), "weightDecay is -0.1");
  CHECK_THROWS(with({.maxUpdate = -1.0}), "maxUpdate is -1");
  CHECK_THROWS(AdamW({at::ones({1})}, {}), "require a gradient");
  CHECK_THROWS(AdamW({at::ones({2, 3}).t().requires_grad_()}, {}), "contiguous parameters");
}

TEST(constantScheduleStays) {
  const ScheduleOptions options{.learningRate = 0.3, .beta1 = 0.8};
  CHECK(rateAt(options, 0).learningRate == 0.3);
  CHECK(rateAt(options, 5000).learningRate == 0.3);
  CHECK(rateAt(options, 10).beta1 == 0.8);
}

TEST(cosineScheduleFallsToItsMinimum) {
  const ScheduleOptions options{
      .kind = ScheduleKind::kCosine, .learningRate = 0.4, .totalSteps = 100, .minimum = 0.1};
  CHECK_CLOSE(rateAt(options, 0).learningRate, 0.4, 1e-15);
  CHECK_CLOSE(rateAt(options, 50).learningRate, 0.25, 1e-15);
  CHECK_CLOSE(rateAt(options, 100).learningRate, 0.1, 1e-15);
  CHECK_CLOSE(rateAt(options, 1000).learningRate, 0.1, 1e-15);
}

TEST(oneCycleIsPyTorchs) {
  // torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=10, pct_start=0.3), PyTorch 2.13.
  const ScheduleOptions options{
      .kind = ScheduleKind::kOneCycle, .learningRate = 0.1, .totalSteps = 10};
  const double rates[]{0.004,
                       0.052,
                       0.1,
                       0.09504846320134738,
                       0.0811745653949763,
                       0.06112620219362893,
                       0.03887419780637107,
                       0.0188258346050237,
                       0.004951936798652629,
                       4e-07};
  const double betas[]{0.95, 0.9, 0.85};
  for (int step = 0; step < 10; ++step) {
    CHECK_CLOSE(rateAt(options, step).learningRate, rates[step], 1e-15);
  }
  for (int step = 0; step < 3; ++step) CHECK_CLOSE(rateAt(options, step).beta1, betas[step], 1e-15);
  CHECK_CLOSE(rateAt(options, 9).beta1, 0.95, 1e-15);
  CHECK_CLOSE(rateAt(options, 99).learningRate, 4e-07, 1e-15);
}

TEST(oneCycleOfAFewStepsIsFinite) {
  for (int64_t total = 1; total < 6; ++total) {
    for (int64_t step = 0; step < total; ++step) {
      const ScheduledRate rate =
          rateAt({.kind = ScheduleKind::kOneCycle, .learningRate = 0.1, .totalSteps = total}, step);
      CHECK(rate.learningRate > 0.0 && rate.learningRate <= 0.1);
      CHECK(rate.beta1 >= 0.85 - 1e-12 && rate.beta1 <= 0.95 + 1e-12);
    }
  }
}
