// The AdamW kernel, emulated, against LibTorch's.

#include <ATen/ATen.h>

#include <cmath>

#include "native/train/cuda/adamw_cuda.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

constexpr cuda::AdamWConstants kConstants{.beta2 = 0.999, .epsilon = 1e-8, .weightDecay = 0.1};

/// Largest difference from LibTorch's own update after some steps, over tensors of these sizes.
double difference(const std::vector<int64_t>& sizes, at::ScalarType dtype) {
  cuda::AdamWTensors ours;
  cuda::AdamWTensors theirs;
  for (const int64_t size : sizes) {
    ours.values.push_back(at::randn({size}, dtype));
    theirs.values.push_back(ours.values.back().clone());
    for (cuda::AdamWTensors* each : {&ours, &theirs}) {
      each->firstMoments.push_back(at::zeros({size}, dtype));
      each->secondMoments.push_back(at::zeros({size}, dtype));
    }
  }
  for (int step = 1; step <= 5; ++step) {
    ours.gradients.clear();
    for (const int64_t size : sizes) ours.gradients.push_back(at::randn({size}, dtype));
    const double rate = 0.05 / step;
    const double beta1 = 0.95 - 0.01 * step;
    cuda::updateAdamW(ours, at::tensor({rate, beta1, double(step)}, at::kDouble), kConstants);
    const std::vector<at::Tensor> counts(sizes.size(), at::full({}, step, at::kFloat));
    at::_fused_adamw_(theirs.values, ours.gradients, theirs.firstMoments, theirs.secondMoments, {},
                      counts, rate, beta1, kConstants.beta2, kConstants.weightDecay,
                      kConstants.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
  double worst = 0.0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    worst = std::max({worst, distance(ours.values[i], theirs.values[i]),
                      distance(ours.firstMoments[i], theirs.firstMoments[i]),
                      distance(ours.secondMoments[i], theirs.secondMoments[i])});
  }
  return worst;
}

}  // namespace

TEST(emulatedAdamWEqualsLibTorchs) {
  at::manual_seed(3);
  CHECK_CLOSE(difference({1, 300, 7}, at::kDouble), 0.0, 1e-13);
  CHECK_CLOSE(difference({1, 300, 7}, at::kFloat), 0.0, 1e-6);
}

TEST(emulatedAdamWTakesMoreTensorsThanALaunch) {
  CHECK_CLOSE(difference(std::vector<int64_t>(70, 3), at::kDouble), 0.0, 1e-13);
}

TEST(emulatedAdamWRefusesWhatDoesNotFit) {
  const at::Tensor value = at::zeros({3});
  const auto with = [&](const at::Tensor& gradient) {
    return cuda::AdamWTensors{{value}, {gradient}, {value.clone()}, {value.clone()}};
  };
  const at::Tensor rate = at::tensor({0.1, 0.9, 1.0}, at::kDouble);
  CHECK_THROWS(cuda::updateAdamW(with(at::zeros({4})), rate, kConstants), "does not fit");
  CHECK_THROWS(cuda::updateAdamW(with(at::zeros({3}, at::kDouble)), rate, kConstants),
               "does not fit");
  CHECK_THROWS(cuda::updateAdamW(with(at::zeros({3})), rate.narrow(0, 0, 2), kConstants), "[3]");
}
