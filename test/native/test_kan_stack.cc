// The fused stack against the reference, on random shapes. CTest runs this program once for each
// instruction set.

#include <ATen/ATen.h>

#include <random>

#include "native/spline/kan_stack.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"
#include "test/native/random_stacks.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

double difference(const StackCase& c) { return stackDifference(c, kanStack); }

/// Largest error of the activation of an edge whose spline is zero, in units in the last place of
/// what it is in wider numbers.
double activationError(BaseActivation activation, at::ScalarType type) {
  const at::Tensor size = at::logspace(-9, 1.5, 100'000, 10.0, at::kDouble).to(type);
  const at::Tensor x = at::cat({size, -size}).unsqueeze(1);
  const SplineGrid grid{.intervals = 4, .order = 2, .lower = -1.0, .upper = 1.0};
  const at::TensorOptions options = x.options();
  const std::vector<KanWeights> layers{{.base = at::ones({1, 1}, options),
                                        .coefficients = at::zeros({1, 1, 6}, options),
                                        .scale = {}}};
  const at::Tensor found = kanStack(x, layers, grid, activation);
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor exact = activation == BaseActivation::kTanh ? wide.tanh() : at::silu(wide);
  const at::Tensor rounded = exact.to(type).abs();
  const at::Tensor unit = at::nextafter(rounded, at::full_like(rounded, INFINITY)) - rounded;
  return ((found.to(at::kDouble) - exact) / unit).abs().max().item<double>();
}

}  // namespace

TEST(fusedEqualsReferenceInDouble) {
  at::manual_seed(1);
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < 60; ++i) CHECK_CLOSE(difference(randomStack(random)), 0.0, 1e-9);
}

TEST(fusedEqualsReferenceInSingle) {
  at::manual_seed(2);
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < 30; ++i) {
    StackCase c = randomStack(random);
    c.dtype = at::kFloat;
    // One layer: deeper random stacks amplify the rounding of the first layer without bound.
    c.width.resize(2);
    CHECK_CLOSE(difference(c), 0.0, 1e-4);
  }
}

TEST(activationsAreExactToTheirLastBits) {
  CHECK(activationError(BaseActivation::kTanh, at::kFloat) < 3);
  CHECK(activationError(BaseActivation::kSilu, at::kFloat) < 3);
  // Against numbers as wide as its own.
  CHECK(activationError(BaseActivation::kTanh, at::kDouble) < 5);
  CHECK(activationError(BaseActivation::kSilu, at::kDouble) < 5);
}

TEST(fusedTakesStridedInput) {
  StackCase c{.width = {3, 5, 1}, .samples = 40};
  auto inputs = randomInputs(c);
  const auto layers = layersOf(c, inputs);
  const at::Tensor strided = at::rand({3, 80}, at::kDouble).transpose(0, 1).slice(0, 0, 80, 2);
  CHECK(!strided.is_contiguous());
  CHECK_CLOSE(distance(kanStack(strided, layers, c.grid, c.activation),
                       kanStackReference(strided, layers, c.grid, c.activation)),
              0.0, 1e-12);
}

TEST(infinitiesAndNansDoNotReachOtherSamples) {
  StackCase c{.width = {2, 4, 1}, .samples = 3};
  const auto layers = layersOf(c, randomInputs(c));
  at::Tensor x = at::zeros({3, 2}, at::kDouble);
  const at::Tensor clean = kanStack(x, layers, c.grid, c.activation);
  x[1][0] = NAN;
  x[1][1] = INFINITY;
  const at::Tensor y = kanStack(x, layers, c.grid, c.activation);
  CHECK(at::equal(y[0], clean[0]) && at::equal(y[2], clean[2]));
  CHECK(std::isnan(y[1].item<double>()));
}

TEST(pathCanBeForced) {
  setKanPath(KanPath::kReference);
  CHECK(kanPath() == KanPath::kReference);
  CHECK(difference(StackCase{.width = {3, 2}, .samples = 9}) == 0.0);
  setKanPath(KanPath::kFused);
}
