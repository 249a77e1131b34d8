#include <ATen/ATen.h>

#include <set>

#include "native/loss/reconstruction_loss.h"
#include "native/nn/kan.h"
#include "native/nn/networks.h"
#include "native/train/fit_objective.h"
#include "native/train/sample_blocks.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

std::vector<int64_t> positionsAt(const SampleBlocks& blocks, int64_t step) {
  const at::Tensor positions = blocks.positions(step);
  const auto* const first = positions.const_data_ptr<int64_t>();
  return {first, first + positions.numel()};
}

std::shared_ptr<Inr> kan(uint64_t seed) {
  KanOptions options;
  options.seed = seed;
  options.layers = {6, 4};
  options.encoding = 5;
  options.grid = 5;
  options.order = 2;
  options.dtype = at::kDouble;
  return makeInr(options);
}

at::Tensor targets(int64_t samples) {
  const at::Tensor n = at::arange(samples, at::kDouble);
  return at::stack({n.mul(0.011).sin() * 0.6 + n.mul(0.37).sin() * 0.4, n.mul(0.05).cos() * 0.9});
}

ReconstructionLossOptions lossOptions() {
  ReconstructionLossOptions options;
  options.time = 0.3;
  options.emphasized = 1.0;
  options.mel = 0.1;
  options.mels = 12;
  options.fftSizes = {64, 32};
  return options;
}

std::vector<at::Tensor> takenGradients(FitObjective& objective) {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : objective.parameters()) {
    gradients.push_back(parameter.grad().clone());
    parameter.mutable_grad().reset();
  }
  return gradients;
}

}  // namespace

TEST(anEpochHasEverySampleOnceWhereBlocksDivideTheRecording) {
  const SampleBlocks blocks(400, 0.5, 50);
  CHECK(!blocks.areWhole());
  CHECK(blocks.perStep() == 4);
  for (const int64_t epoch : {0, 1, 77}) {
    std::set<int64_t> seen;
    for (const int64_t step : {2 * epoch, 2 * epoch + 1}) {
      const auto positions = positionsAt(blocks, step);
      CHECK(positions.size() == 200);
      seen.insert(positions.begin(), positions.end());
    }
    CHECK(seen.size() == 400 && *seen.begin() == 0 && *seen.rbegin() == 399);
  }
}

TEST(noSampleComesTwiceInAnEpochOfAnyRecording) {
  for (const int64_t samples : {100, 149, 1001}) {
    for (const double share : {0.1, 0.3, 0.5, 0.9}) {
      const SampleBlocks blocks(samples, share, 50);
      const int64_t steps = samples / 50 / blocks.perStep();
      std::set<int64_t> seen;
      int64_t count = 0;
      for (int64_t step = 0; step < steps; ++step) {
        for (const int64_t position : positionsAt(blocks, step)) {
          CHECK(position >= 0 && position < samples);
          seen.insert(position);
          ++count;
        }
      }
      CHECK(static_cast<int64_t>(seen.size()) == count);
    }
  }
}

TEST(blocksAreRowsOfSamplesThatGoOnAtTheFirst) {
  const SampleBlocks blocks(149, 0.5, 50);
  for (int64_t step = 0; step < 20; ++step) {
    const auto positions = positionsAt(blocks, step);
    for (size_t i = 1; i < 50; ++i) CHECK(positions[i] == (positions[i - 1] + 1) % 149);
  }
}

TEST(epochsDifferAndStepsAreTheSameAgain) {
  const SampleBlocks blocks(1000, 0.5, 50);
  CHECK(positionsAt(blocks, 0) != positionsAt(blocks, 2));
  CHECK(positionsAt(blocks, 0) != positionsAt(blocks, 1));
  CHECK(positionsAt(blocks, 5) == positionsAt(SampleBlocks(1000, 0.5, 50), 5));
}

TEST(whatIsTooShortForBlocksIsTakenWhole) {
  CHECK(SampleBlocks(2048, 0.5).areWhole());
  CHECK(SampleBlocks(4095, 0.01).areWhole());
  CHECK(!SampleBlocks(4096, 0.5).areWhole());
  CHECK(SampleBlocks(32768, 1.0).areWhole());
  CHECK(SampleBlocks(32768, 0.99).areWhole());  // 16 blocks of 16
}

// Against the loss of each block by ATen and autograd, networks and clips alone.
TEST(theGradientIsThatOfTheMeanLossOverTheBlocks) {
  const at::Tensor both = targets(400);
  const SampleBlocks blocks(400, 0.5, 100);
  FitObjective together({kan(1), kan(2)}, both, lossOptions());
  together.networks().load();
  together.accumulate(blocks, 3);
  const auto gradients = takenGradients(together);
  const at::Tensor positions = blocks.positions(3);
  for (int64_t clip = 0; clip < 2; ++clip) {
    const auto network = kan(static_cast<uint64_t>(clip) + 1);
    const at::Tensor t = timeAxis(400, both.options()).index_select(0, positions);
    ReconstructionLoss loss(lossOptions());
    at::Tensor mean = at::zeros({}, at::kDouble);
    for (int64_t block = 0; block < 2; ++block) {
      const at::Tensor own = t.narrow(0, block * 100, 100);
      const at::Tensor wanted =
          both[clip].index_select(0, positions.narrow(0, block * 100, 100)).unsqueeze(0);
      mean = mean + loss(network->forward(own).view({1, 100}), wanted) / 2.0;
    }
    mean.backward();
    CHECK_CLOSE(together.losses()[clip].item<double>(), mean.item<double>(), 1e-12);
    const auto parameters = network->parameters();
    for (size_t i = 0; i < parameters.size(); ++i) {
      CHECK(at::allclose(gradients[i][clip], parameters[i].grad(), 1e-9, 1e-12));
    }
  }
}

TEST(whatAStepLeavesOutIsAsItWas) {
  const at::Tensor both = targets(400);
  const SampleBlocks blocks(400, 0.25, 100);
  FitObjective objective({kan(1), kan(2)}, both, lossOptions());
  objective.networks().load();
  objective.accumulate(blocks, 0);
  const at::Tensor before = objective.estimates().clone();
  CHECK(before.sizes() == both.sizes());
  {
    const at::NoGradGuard noGrad;
    for (const auto& [name, parameter] : objective.parameters()) parameter.mul_(1.01);
  }
  objective.accumulate(blocks, 1);
  const at::Tensor changed = objective.estimates().ne(before);
  CHECK(changed.index_select(1, blocks.positions(1)).to(at::kDouble).mean().item<double>() > 0.9);
  CHECK(changed.sum().item<int64_t>() <= 200);
}
