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
