// What only a GPU can show: the CUDA path against the CPU, the same bits again, and a step recorded
// as a graph. Without a device it says so and passes; with FEWSOUND_REQUIRE_CUDA in the environment
// it fails then.

#include <ATen/ATen.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "native/spline/kan_stack.h"
#include "native/train/cuda/adamw_cuda.h"
#include "native/train/step_graph.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"
#include "test/native/loss_cases.h"
#include "test/native/random_stacks.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

/// Opens libtorch_cuda beside the LibTorch that this program was started with, as the addon does.
bool openDevice() {
  Dl_info info;
  const auto* const known = reinterpret_cast<const void*>(&at::_ops::empty_memory_format::call);
  if (dladdr(known, &info) == 0) return false;
  const auto library = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
  return dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr &&
         c10::impl::hasDeviceGuardImpl(at::kCUDA) &&
         c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount() > 0;
}

bool deviceIsThere() {
  static const bool there = openDevice();
  return there;
}

std::vector<at::Tensor> onDevice(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> moved;
  moved.reserve(tensors.size());
  for (const at::Tensor& each : tensors) {
    moved.push_back(each.detach().to(at::kCUDA).requires_grad_());
  }
  return moved;
}

/// Largest difference in the output and every gradient between a stack on the device and the same
/// on the CPU.
double difference(const StackCase& c) {
  const auto here = randomInputs(c);
  const auto there = onDevice(here);
  const at::Tensor expected = kanStackReference(here[0], layersOf(c, here), c.grid, c.activation);
  const at::Tensor found = kanStack(there[0], layersOf(c, there), c.grid, c.activation);
  const at::Tensor weight = at::randn_like(expected).detach();
  const auto theirs = torch::autograd::grad({expected}, here, {weight});
  const auto ours = torch::autograd::grad({found}, there, {weight.to(at::kCUDA)});
  double worst = distance(found.cpu(), expected);
  for (size_t i = 0; i < here.size(); ++i) {
    worst = std::max(worst, distance(ours[i].cpu(), theirs[i]));
  }
  return worst;
}

/// Output and all gradients of a stack on the device.
std::vector<at::Tensor> resultsOf(const StackCase& c, const std::vector<at::Tensor>& inputs) {
  const at::Tensor y = kanStack(inputs[0], layersOf(c, inputs), c.grid, c.activation);
  auto results = torch::autograd::grad({y}, inputs, {at::ones_like(y)});
  results.push_back(y.detach());
  return results;
}

/// The library that records graphs, where this build has it.
bool openRecorder() {
#if defined(FEWSOUND_CUDA_LIBRARY)
  void* const library = dlopen(FEWSOUND_CUDA_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  TORCH_CHECK(library != nullptr, dlerror());
  void* const symbol = dlsym(library, "fewsound_cuda_step_recorder");
  TORCH_CHECK(symbol != nullptr, dlerror());
  fewsound_set_step_recorder(reinterpret_cast<StepRecorder (*)()>(symbol)());
  return true;
#else
  return false;
#endif
}

}  // namespace

TEST(cudaDeviceIsThereWhereItIsAskedFor) {
  if (!deviceIsThere()) std::cerr << "skipped: no CUDA device\n";
  CHECK(deviceIsThere() || std::getenv("FEWSOUND_REQUIRE_CUDA") == nullptr);
}

TEST(cudaStackEqualsTheCpuInDouble) {
  if (!deviceIsThere()) return;
  at::manual_seed(1);
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < 60; ++i) CHECK_CLOSE(difference(randomStack(random)), 0.0, 1e-9);
}

TEST(cudaStackEqualsTheCpuInSingle) {
  if (!deviceIsThere()) return;
  at::manual_seed(2);
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < 30; ++i) {
    StackCase c = randomStack(random);
    c.dtype = at::kFloat;
    c.width.resize(2);
    CHECK_CLOSE(difference(c), 0.0, 1e-4);
  }
}

TEST(cudaStackTakesWideLayersAndFineGrids) {
  if (!deviceIsThere()) return;
  StackCase c{.width = {37, 130, 2}, .samples = 700, .grid = {.intervals = 80, .order = 3}};
  CHECK_CLOSE(difference(c), 0.0, 1e-9);
  c = {.width = {2, 5}, .samples = 500, .grid = {.intervals = 4096, .order = 2}};
  CHECK_CLOSE(difference(c), 0.0, 1e-9);
}

TEST(cudaStackGivesTheSameBitsAgain) {
  if (!deviceIsThere()) return;
  StackCase c{.width = {20, 48, 24, 12, 1}, .samples = 32768, .dtype = at::kFloat};
  const auto inputs = onDevice(randomInputs(c));
  const auto once = resultsOf(c, inputs);
  const auto again = resultsOf(c, inputs);
  for (size_t i = 0; i < once.size(); ++i) CHECK(at::equal(once[i], again[i]));
}

TEST(cudaLossEqualsTheCpu) {
  if (!deviceIsThere()) return;
  at::manual_seed(3);
  std::mt19937 random(3);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  for (int i = 0; i < 30; ++i) {
    const LossCase c = randomLoss(random);
    const at::Tensor target = noise(c.clips, c.samples, at::kDouble);
    const at::Tensor estimate = noise(c.clips, c.samples, at::kDouble);
    const auto here = TargetLoss::makeReference(c.options, target);
    const auto there = TargetLoss::make(c.options, target.to(at::kCUDA));
    here->evaluate(estimate);
    there->evaluate(estimate.to(at::kCUDA));
    CHECK(relativeError(there->losses().cpu(), here->losses()) < 1e-10);
    CHECK(relativeError(there->gradient().cpu(), here->gradient()) < 1e-10);
  }
}

TEST(cudaLossGivesTheSameBitsAgain) {
  if (!deviceIsThere()) return;
  const auto loss = TargetLoss::make({}, noise(1, 32768, at::kFloat).to(at::kCUDA));
  const at::Tensor estimate = noise(1, 32768, at::kFloat).to(at::kCUDA);
  loss->evaluate(estimate);
  const at::Tensor losses = loss->losses().clone();
  const at::Tensor gradient = loss->gradient().clone();
  loss->evaluate(estimate);
  CHECK(at::equal(loss->losses(), losses) && at::equal(loss->gradient(), gradient));
}

TEST(cudaAdamWEqualsLibTorchs) {
  if (!deviceIsThere() || !cuda::hasAdamW()) return;
  const auto options = at::TensorOptions(at::kCUDA).dtype(at::kFloat);
  const auto make = [&] { return std::vector<at::Tensor>{at::zeros({1000}, options)}; };
  cuda::AdamWTensors ours{make(), {at::randn({1000}, options)}, make(), make()};
  std::vector<at::Tensor> values = make();
  std::vector<at::Tensor> first = make();
  std::vector<at::Tensor> second = make();
  for (int step = 1; step <= 5; ++step) {
    cuda::updateAdamW(ours, at::tensor({0.01, 0.9, double(step)}, at::kDouble).to(at::kCUDA),
                      {.beta2 = 0.999, .epsilon = 1e-8, .weightDecay = 0.01});
    at::_fused_adamw_(values, ours.gradients, first, second, {}, at::full({}, step, options), 0.01,
                      0.9, 0.999, 0.01, 1e-8, false, false);
  }
  CHECK_CLOSE(distance(ours.values[0].cpu(), values[0].cpu()), 0.0, 1e-6);
}

TEST(cudaGraphReplaysAStackAndItsGradients) {
  if (!deviceIsThere() || !openRecorder()) return;
  StackCase c{.width = {5, 9, 1}, .samples = 400, .dtype = at::kFloat};
  const auto inputs = onDevice(randomInputs(c));
  std::vector<at::Tensor> results;
  const auto graph = recordStep(inputs[0].device(), [&] { results = resultsOf(c, inputs); });
  CHECK(graph != nullptr);
  if (graph == nullptr) return;
  // The recording reads what is in its tensors when it is replayed.
  inputs[0].detach().uniform_(-1.0, 1.0);
  graph->replay();
  const auto expected = resultsOf(c, inputs);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(at::equal(results[i], expected[i]));
}
