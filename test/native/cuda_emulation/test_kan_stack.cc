// The KAN stack's CUDA backend, emulated, against the reference.

#include <random>

#include "native/spline/cuda/kan_stack_cuda.h"
#include "native/spline/kan_stack_function.h"
#include "test/native/check.h"
#include "test/native/cuda_emulation/cuda_runtime.h"
#include "test/native/random_stacks.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

at::Tensor emulated(const at::Tensor& x, const std::vector<KanWeights>& layers,
                    const SplineGrid& grid, BaseActivation activation) {
  const KanStackInput input{.x = x, .layers = layers, .grid = grid, .activation = activation};
  TORCH_CHECK(cuda::kanStackBackend()->takes(input), "the backend declines");
  return applyKanStack(*cuda::kanStackBackend(), input);
}

double difference(const StackCase& c) { return stackDifference(c, emulated); }

/// As many random cases as a test can afford where each CUDA thread is a fiber.
StackCase smallStack(std::mt19937& random) {
  StackCase c = randomStack(random);
  c.samples = 1 + c.samples % 150;
  return c;
}

}  // namespace

TEST(emulatedStackEqualsReferenceInDouble) {
  at::manual_seed(1);
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < kEmulatedCases; ++i) CHECK_CLOSE(difference(smallStack(random)), 0.0, 1e-9);
}

TEST(emulatedStackEqualsReferenceInSingle) {
  at::manual_seed(2);
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < kEmulatedCases; ++i) {
    StackCase c = smallStack(random);
    c.dtype = at::kFloat;
    // One layer: deeper random stacks amplify the rounding of the first layer without bound.
    c.width.resize(2);
    CHECK_CLOSE(difference(c), 0.0, 1e-4);
  }
}

TEST(emulatedStackTakesThePapersLayers) {
  for (const int64_t order : {2, 3}) {
    StackCase c{.width = {20, 48, 24, 12, 1}, .samples = 200, .grid = {.order = order}};
    CHECK_CLOSE(difference(c), 0.0, 1e-9);
  }
}

// Several groups of outputs, several blocks of inputs, tables that do not fit in shared memory.
TEST(emulatedStackTakesWideLayersAndFineGrids) {
  StackCase c{.width = {37, 130, 2}, .samples = 70, .grid = {.intervals = 80, .order = 3}};
  CHECK_CLOSE(difference(c), 0.0, 1e-9);
  c = {.width = {2, 5}, .samples = 50, .grid = {.intervals = 4096, .order = 2}};
  CHECK_CLOSE(difference(c), 0.0, 1e-9);
  c = {.width = {3, 100}, .samples = 40, .grid = {.intervals = 5, .order = 16}};
  CHECK_CLOSE(difference(c), 0.0, 1e-9);
}

TEST(emulatedStackMakesDoWithLittleSharedMemory) {
  const int before = emulatedSharedMemory;
  emulatedSharedMemory = 48 * 1024;
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    StackCase c{.width = {40, 20}, .samples = 90, .grid = {.intervals = 20}, .dtype = dtype};
    CHECK_CLOSE(difference(c), 0.0, dtype == at::kFloat ? 1e-4 : 1e-9);
    c.width = {9, 3};
    CHECK_CLOSE(difference(c), 0.0, dtype == at::kFloat ? 1e-4 : 1e-9);
  }
  emulatedSharedMemory = before;
}

TEST(emulatedStackGivesTheSameBitsAgain) {
  StackCase c{.width = {7, 13, 5}, .batch = 2, .samples = 300, .dtype = at::kFloat};
  const auto inputs = randomInputs(c);
  const auto run = [&] {
    const at::Tensor y = emulated(inputs[0], layersOf(c, inputs), c.grid, c.activation);
    auto found = torch::autograd::grad({y}, inputs, {at::ones_like(y)});
    found.push_back(y);
    return found;
  };
  // The emulation's threads take turns in another order each time.
  const auto once = run();
  const auto again = run();
  for (size_t i = 0; i < once.size(); ++i) CHECK(at::equal(once[i], again[i]));
}

TEST(emulatedStackKeepsNansAndInfinitiesApart) {
  for (const int64_t order : {2, 3, 5}) {
    StackCase c{.width = {2, 4, 1}, .samples = 3, .grid = {.order = order}};
    const auto layers = layersOf(c, randomInputs(c));
    at::Tensor x = at::zeros({3, 2}, at::kDouble);
    const at::Tensor clean = emulated(x, layers, c.grid, c.activation);
    x[1][0] = NAN;
    x[1][1] = INFINITY;
    const at::Tensor y = emulated(x, layers, c.grid, c.activation);
    CHECK(at::equal(y[0], clean[0]) && at::equal(y[2], clean[2]));
    CHECK(std::isnan(y[1].item<double>()));
  }
}
