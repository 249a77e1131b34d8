#include <cuda_runtime.h>

#include <algorithm>

#include "native/cuda/launch.cuh"
#include "native/spline/cuda/kan_backward.cuh"
#include "native/spline/cuda/kan_forward.cuh"
#include "native/spline/cuda/kan_launch.h"
#include "native/spline/cuda/kan_tables.cuh"

namespace fewsound::cuda {
namespace {

/// The instance of a kernel for an order: those of the paper are known to the compiler, 0 is any.
template <typename Job>
using Kernel = void (*)(Job);

template <typename Job>
Kernel<Job> forOrder(int order, Kernel<Job> two, Kernel<Job> three, Kernel<Job> any) {
  if (order == 2) return two;
  return order == 3 ? three : any;
}

/// Blocks for every input of every layer and every set.
template <typename T>
dim3 tableBlocks(const TablesJob<T>& job, int sets) {
  int widest = 0;
  for (int l = 0; l < job.layers; ++l) widest = std::max(widest, job.layer[l].shape.in);
  return {static_cast<unsigned>(widest), static_cast<unsigned>(job.layers),
          static_cast<unsigned>(sets)};
}

}  // namespace

template <typename T>
int64_t forwardSharedBytes(const ForwardJob<T>& job) {
  const int64_t table =
      job.staged ? sharedBytes<T>(job.shape.in * job.shape.inputSize(job.grid.rows())) : 0;
  return table +
         sharedBytes<Activation<T>>(job.threads / kWarp * forwardActivations(job.shape.lanes));
}

template <typename T>
int64_t backwardSharedBytes(const BackwardJob<T>& job) {
  const KanShape& shape = job.shape;
  const int64_t table = shape.groups * job.blockInputs * shape.inputSize(job.grid.rows());
  const int64_t slots = job.threads / shape.lanes;
  return (job.stagedWeights ? sharedBytes<T>(table) : 0) +
         (job.stagedSums ? sharedBytes<T>(job.replicas * table) : 0) +
         sharedBytes<T>(static_cast<int64_t>(job.replicas) * kTileSamples *
                        gradientPitch(shape.stride())) +
         sharedBytes<Activation<T>>(slots * kActivationPitch) +
         sharedBytes<T>(slots * kTileSamples);
}

template <typename T>
const char* launchPackTables(const TablesJob<T>& job, int sets, void* stream) {
  return launch(packTablesKernel<T>, {tableBlocks(job, sets), kTableThreads}, stream, job);
}

template <typename T>
const char* launchForward(const ForwardJob<T>& job, int sets, void* stream) {
  const dim3 grid(job.blocks, job.shape.groups, sets);
  const auto kernel = forOrder<ForwardJob<T>>(job.grid.order, forwardKernel<T, 2>,
                                              forwardKernel<T, 3>, forwardKernel<T, 0>);
  return launch(
      kernel,
      {grid, static_cast<unsigned>(job.threads), static_cast<size_t>(forwardSharedBytes(job))},
      stream, job);
}

template <typename T>
const char* launchBackward(const BackwardJob<T>& job, int sets, void* stream) {
  const dim3 grid(job.blocks, (job.shape.in + job.blockInputs - 1) / job.blockInputs, sets);
  const auto kernel = forOrder<BackwardJob<T>>(job.grid.order, backwardKernel<T, 2>,
                                               backwardKernel<T, 3>, backwardKernel<T, 0>);
  return launch(
      kernel,
      {grid, static_cast<unsigned>(job.threads), static_cast<size_t>(backwardSharedBytes(job))},
      stream, job);
}

template <typename T>
const char* launchSumPartials(const TablesJob<T>& job, int sets, void* stream) {
  return launch(
      sumPartialsKernel<T>,
      {tableBlocks(job, sets), kTableThreads, static_cast<size_t>(sharedBytes<T>(kTableThreads))},
      stream, job);
}

template int64_t forwardSharedBytes(const ForwardJob<float>&);
template int64_t forwardSharedBytes(const ForwardJob<double>&);
template int64_t backwardSharedBytes(const BackwardJob<float>&);
template int64_t backwardSharedBytes(const BackwardJob<double>&);
template const char* launchPackTables(const TablesJob<float>&, int, void*);
template const char* launchPackTables(const TablesJob<double>&, int, void*);
template const char* launchForward(const ForwardJob<float>&, int, void*);
template const char* launchForward(const ForwardJob<double>&, int, void*);
template const char* launchBackward(const BackwardJob<float>&, int, void*);
template const char* launchBackward(const BackwardJob<double>&, int, void*);
template const char* launchSumPartials(const TablesJob<float>&, int, void*);
template const char* launchSumPartials(const TablesJob<double>&, int, void*);

}  // namespace fewsound::cuda
