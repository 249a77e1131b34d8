#include "native/spline/cuda/kan_plan.h"

#include <algorithm>

#include "native/spline/cuda/kan_launch.h"

namespace fewsound::cuda {
namespace {

constexpr int kWarp = 32;

// Blocks of all sets together: some for each of the 132 processors of an H100, and not so many that
// bringing tables to shared memory, or adding up what blocks leave behind, would take the time.
constexpr int64_t kForwardBlocks = 512;
constexpr int64_t kBackwardBlocks = 128;

/// Threads that a block of the backward kernel should have, so that one block on a processor hides
/// its own latencies.
constexpr int kWantedThreads = 384;
constexpr int kLeastThreads = 128;

/// Memory that all blocks' sums may take together, where there is more than one block.
constexpr int64_t kPartialsBytes = int64_t{256} * 1024 * 1024;

int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// With so many inputs for a block: as many replicas as leave it kWantedThreads threads.
template <typename T>
void setBlock(BackwardJob<T>& job, int blockInputs, int replicas) {
  job.blockInputs = blockInputs;
  job.replicas = replicas;
  job.threads =
      static_cast<int>(ceilDivide(blockInputs * replicas * job.shape.lanes, kWarp)) * kWarp;
}

/// Looks for a block that holds its part of the table, or both of it and its sums, in shared
/// memory.
template <typename T>
bool planStaged(BackwardJob<T>& job, int mostInputs, int64_t sharedLimit) {
  job.stagedWeights = job.inputGradient.data != nullptr;
  job.stagedSums = true;
  for (int inputs = mostInputs; inputs >= 1; inputs = inputs > 1 ? (inputs + 1) / 2 : 0) {
    const auto mostReplicas = static_cast<int>(std::clamp<int64_t>(
        kWantedThreads / (inputs * job.shape.lanes), 1, ceilDivide(job.samples, kTileSamples)));
    for (int replicas = mostReplicas; replicas >= 1; --replicas) {
      setBlock(job, inputs, replicas);
      const bool enough = job.threads >= kLeastThreads || replicas == mostReplicas;
      if (enough && backwardSharedBytes(job) <= sharedLimit) return true;
    }
  }
  return false;
}

}  // namespace

KanShape shapeOf(int64_t in, int64_t out) {
  int lanes = 4;
  while (lanes < kWarp && int64_t{lanes} * kLaneOutputs < out) lanes *= 2;
  return {.in = static_cast<int>(in),
          .out = static_cast<int>(out),
          .lanes = lanes,
          .groups = static_cast<int>(ceilDivide(out, int64_t{lanes} * kLaneOutputs))};
}

template <typename T>
void planForward(ForwardJob<T>& job, int64_t sets, int64_t sharedLimit) {
  // With few lanes for a sample a warp takes many samples: smaller blocks, so that there are
  // enough.
  job.threads = job.shape.lanes > 4 ? kForwardThreads : kForwardThreads / 2;
  job.staged = true;
  job.staged = forwardSharedBytes(job) <= sharedLimit;
  const int64_t blockSamples = job.threads / job.shape.lanes * kForwardSamples;
  const int64_t most = std::max<int64_t>(1, kForwardBlocks / (sets * job.shape.groups));
  job.blocks = static_cast<int>(std::min(ceilDivide(job.samples, blockSamples), most));
}

template <typename T>
void planBackward(BackwardJob<T>& job, int64_t sets, int64_t sharedLimit) {
  const int most = std::min(job.shape.in, kBackwardThreads / job.shape.lanes);
  if (!planStaged(job, most, sharedLimit)) {
    // From and to global memory, that is: to the second level of cache.
    job.stagedWeights = false;
    job.stagedSums = false;
    setBlock(job, most, 1);
    while (job.blockInputs > 1 && backwardSharedBytes(job) > sharedLimit) {
      setBlock(job, job.blockInputs / 2, 1);
    }
  }
  const int64_t tiles = ceilDivide(job.samples, static_cast<int64_t>(job.replicas) * kTileSamples);
  const int64_t bytes =
      job.shape.tableSize(job.grid.rows()) * sets * static_cast<int64_t>(sizeof(T));
  const int64_t blocks = std::min(ceilDivide(kBackwardBlocks, sets), kPartialsBytes / bytes);
  job.blocks = static_cast<int>(std::clamp<int64_t>(blocks, 1, tiles));
}

template void planForward(ForwardJob<float>&, int64_t, int64_t);
template void planForward(ForwardJob<double>&, int64_t, int64_t);
template void planBackward(BackwardJob<float>&, int64_t, int64_t);
template void planBackward(BackwardJob<double>&, int64_t, int64_t);

}  // namespace fewsound::cuda
