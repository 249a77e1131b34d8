// Stacks of causal convolutions: the kernels against the operators, gradients against differences.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "native/nn/hyper/conv_stack.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

struct StackCase {
  at::Tensor x;
  std::vector<ConvStage> stages;

  std::vector<at::Tensor> leaves() const {
    std::vector<at::Tensor> all{x};
    for (const ConvStage& stage : stages) {
      for (const at::Tensor& each : {stage.weight, stage.bias, stage.gain, stage.shift}) {
        if (each.defined()) all.push_back(each);
      }
    }
    return all;
  }

  /// The same with other tensors in the place of the leaves.
  StackCase with(const std::vector<at::Tensor>& leaves) const {
    StackCase made = *this;
    size_t next = 0;
    made.x = leaves[next++];
    for (ConvStage& stage : made.stages) {
      for (at::Tensor* each : {&stage.weight, &stage.bias, &stage.gain, &stage.shift}) {
        if (each->defined()) *each = leaves[next++];
      }
    }
    return made;
  }

  StackCase in(at::ScalarType dtype) const {
    std::vector<at::Tensor> converted;
    for (const at::Tensor& leaf : leaves()) {
      converted.push_back(leaf.detach().to(dtype).clone().requires_grad_());
    }
    return with(converted);
  }
};

struct StageShape {
  int64_t out, kernel, stride = 1, dilation = 1;
  bool activated = true, residual = false;
};

StackCase stackCase(int64_t batch, int64_t channels, int64_t time, bool norm,
                    const std::vector<StageShape>& shapes) {
  StackCase made{.x = at::randn({batch, channels, time}, at::kDouble), .stages = {}};
  for (const StageShape& shape : shapes) {
    time = (time + shape.stride - 1) / shape.stride;
    ConvStage stage{.stride = shape.stride,
                    .dilation = shape.dilation,
                    .activated = shape.activated,
                    .residual = shape.residual};
    const double size = 1.0 / std::sqrt(static_cast<double>(channels * shape.kernel));
    stage.weight = at::randn({shape.out, channels, shape.kernel}, at::kDouble) * size;
    stage.bias = at::randn({shape.out}, at::kDouble) * 0.3;
    if (norm) {
      stage.gain = 1.0 + 0.3 * at::randn({shape.out, time}, at::kDouble);
      stage.shift = 0.3 * at::randn({shape.out, time}, at::kDouble);
    }
    made.stages.push_back(stage);
    channels = shape.out;
  }
  return made;
}

/// What an encoder is made of, in sizes that fill no vector and no block.
StackCase encoderCase(int64_t batch, int64_t time, bool norm) {
  return stackCase(batch, 1, time, norm,
                   {{.out = 5, .kernel = 7},
                    {.out = 5, .kernel = 7, .dilation = 3},
                    {.out = 5, .kernel = 1, .residual = true},
                    {.out = 9, .kernel = 6, .stride = 3},
                    {.out = 9, .kernel = 4, .dilation = 9},
                    {.out = 9, .kernel = 1, .residual = true},
                    {.out = 3, .kernel = 3, .activated = false}});
}

using StackFunction = at::Tensor (*)(const at::Tensor&, const std::vector<ConvStage>&);

/// The output, and the gradients of all leaves.
std::vector<at::Tensor> outputAndGradients(const StackCase& c, StackFunction stack) {
  const at::Tensor y = stack(c.x, c.stages);
  at::manual_seed(5);
  const at::Tensor gradient = at::randn(y.sizes(), at::kDouble).to(y.scalar_type());
  std::vector<at::Tensor> results = torch::autograd::grad({y}, c.leaves(), {gradient});
  results.insert(results.begin(), y.detach());
  return results;
}

/// Largest difference between results, each beside its own size.
double worst(const std::vector<at::Tensor>& found, const std::vector<at::Tensor>& exact) {
  double most = 0.0;
  for (size_t i = 0; i < exact.size(); ++i) {
    const at::Tensor size = exact[i].norm() + 1e-30;
    most = std::max(most, ((found[i].to(at::kDouble) - exact[i]).norm() / size).item<double>());
  }
  return most;
}

std::vector<StackCase> cases() {
  at::manual_seed(2);
  std::vector<StackCase> all;
  for (const bool norm : {true, false}) {
    all.push_back(encoderCase(3, 500, norm));
    all.push_back(encoderCase(1, 64, norm));
    all.push_back(encoderCase(2, 1, norm));
    // The first stage with a stride, and in a residual unit.
    all.push_back(stackCase(2, 3, 101, norm, {{.out = 4, .kernel = 8, .stride = 4}}));
    all.push_back(stackCase(2, 4, 5'000, norm,
                            {{.out = 17, .kernel = 3}, {.out = 4, .kernel = 2, .residual = true}}));
  }
  return all;
}

}  // namespace

TEST(stacksAreWhatTheOperatorsMakeOfThem) {
  for (const StackCase& each : cases()) {
    const StackCase c = each.in(at::kDouble);
    CHECK_CLOSE(worst(outputAndGradients(c, convStack), outputAndGradients(c, convStackReference)),
                0.0, 1e-12);
  }
}

TEST(float32IsAsNearToFloat64AsTheOperatorsAre) {
  for (const StackCase& each : cases()) {
    const auto exact = outputAndGradients(each.in(at::kDouble), convStackReference);
    const StackCase c = each.in(at::kFloat);
    const double operators = worst(outputAndGradients(c, convStackReference), exact);
    CHECK(worst(outputAndGradients(c, convStack), exact) < 3.0 * operators + 1e-6);
  }
}

TEST(gradientsAreThoseOfDifferencesAndHaveSomeOfTheirOwn) {
  at::manual_seed(3);
  const StackCase c = stackCase(2, 2, 11, true,
                                {{.out = 2, .kernel = 3, .dilation = 2},
                                 {.out = 2, .kernel = 1, .residual = true},
                                 {.out = 3, .kernel = 4, .stride = 2}});
  const ScalarFunction weighted = [&](const std::vector<at::Tensor>& leaves) {
    const StackCase now = c.with(leaves);
    const at::Tensor y = convStack(now.x, now.stages);
    return (y * at::linspace(0.5, 1.5, y.numel(), y.options()).view_as(y)).sum();
  };
  CHECK_CLOSE(gradientError(weighted, c.leaves()), 0.0, 1e-6);
  CHECK_CLOSE(secondGradientError(weighted, c.leaves()), 0.0, 1e-5);
}

TEST(threadsChangeNothingButTheOrderOfSumsOverRecordings) {
  at::manual_seed(4);
  const int threads = at::get_num_threads();
  for (const int64_t batch : {1, 4}) {
    const StackCase c = encoderCase(batch, 3'000, true).in(at::kFloat);
    at::set_num_threads(1);
    const auto alone = outputAndGradients(c, convStack);
    at::set_num_threads(3);
    const auto together = outputAndGradients(c, convStack);
    const auto again = outputAndGradients(c, convStack);
    for (size_t i = 0; i < alone.size(); ++i) {
      CHECK(at::equal(again[i], together[i]));
      // Of one recording there are no such sums.
      CHECK(batch > 1 && i > 1 ? at::allclose(together[i], alone[i], 1e-4, 1e-5)
                               : at::equal(together[i], alone[i]));
    }
  }
  at::set_num_threads(threads);
}

TEST(everyNaNStaysOne) {
  // A payload that reaches the exponent when a power of two is added to the bits.
  const auto nan = std::bit_cast<float>(0x7fc00001);
  StackCase c = stackCase(1, 1, 20, false, {{.out = 3, .kernel = 2}}).in(at::kFloat);
  const at::NoGradGuard noGrad;
  c.stages[0].bias[1] = at::scalar_tensor(nan);
  const at::Tensor y = convStack(c.x, c.stages);
  CHECK(at::isnan(y.select(1, 1)).all().item<bool>());
  CHECK(!at::isnan(y.select(1, 0)).any().item<bool>());
}

TEST(emptyWeightsAreLeftToTheOperators) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 2, 3}, {4, 2, 0}}) {
    const ConvStage stage{.weight = at::zeros(shape), .bias = at::zeros({shape[0]})};
    CHECK_THROWS(convStack(at::zeros({1, 2, 20}), {stage}), "");
  }
}

TEST(stacksWithoutGradientsAreTheSame) {
  const at::NoGradGuard noGrad;
  for (const StackCase& c : cases()) {
    CHECK_CLOSE(distance(convStack(c.x, c.stages), convStackReference(c.x, c.stages)), 0.0, 1e-12);
  }
}
