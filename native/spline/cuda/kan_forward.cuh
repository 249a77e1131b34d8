// y of a KAN layer.
//
// `lanes` lanes of a warp share a sample and have kLaneOutputs outputs each; the warp's subgroups
// take different samples, kForwardSamples in a row, whose sums stay in registers through all
// inputs. Neighboring samples of a sound lie in the same cell more often than not, and as long as
// they do, so do the cell's coefficients.
#pragma once

#include "native/cuda/shared_memory.cuh"
#include "native/spline/cuda/kan_activation.cuh"
#include "native/spline/cuda/kan_launch.h"

namespace fewsound::cuda {

/// Activations of a subgroup's samples: one more than there are, so that two subgroups' loads do
/// not meet in the same banks.
constexpr int kForwardPitch = kForwardSamples + 1;

constexpr int forwardActivations(int lanes) {
  return kForwardInputs * (kWarp / lanes) * kForwardPitch;
}

/// Adds one input's part to the sums of a lane. `weights` is the input's table from the lane's
/// first output on.
template <typename T, int kOrder>
__device__ void addInput(const ForwardJob<T>& job, const Activation<T>* activations,
                         const T* weights, T (&sums)[kForwardSamples][kLaneOutputs]) {
  const int stride = job.shape.stride();
  const int lanes = job.shape.lanes;
  T base[kLaneOutputs];
#pragma unroll
  for (int v = 0; v < kLaneOutputs; ++v) {
    base[v] = weights[job.grid.baseRow() * stride + v * lanes];
  }
  if constexpr (kOrder > 0) {
    int cell = -1;
    T c[kLaneOutputs][kOrder + 1] = {};
#pragma unroll
    for (int s = 0; s < kForwardSamples; ++s) {
      const Activation<T> at = activations[s];
      if (at.cell != cell) {
        cell = at.cell;
#pragma unroll
        for (int v = 0; v < kLaneOutputs; ++v) {
#pragma unroll
          for (int j = 0; j <= kOrder; ++j) c[v][j] = weights[(cell + j) * stride + v * lanes];
          toPolynomial<kOrder>(c[v]);
        }
      }
#pragma unroll
      for (int v = 0; v < kLaneOutputs; ++v) {
        T value = c[v][kOrder];
#pragma unroll
        for (int j = kOrder - 1; j >= 0; --j) value = fma(value, at.fraction, c[v][j]);
        sums[s][v] += fma(at.base, base[v], value);
      }
    }
  } else {
    T bases[kMaxOrder + 1];
#pragma unroll
    for (int s = 0; s < kForwardSamples; ++s) {
      const Activation<T> at = activations[s];
      localBases(at.fraction, job.grid.order, bases);
#pragma unroll
      for (int v = 0; v < kLaneOutputs; ++v) {
        T value = at.base * base[v];
        for (int j = 0; j <= job.grid.order; ++j) {
          value = fma(bases[j], weights[(at.cell + j) * stride + v * lanes], value);
        }
        sums[s][v] += value;
      }
    }
  }
}

/// Blocks are [blocks of samples, groups, sets].
template <typename T, int kOrder>
__global__ void __launch_bounds__(kForwardThreads) forwardKernel(const ForwardJob<T> job) {
  const KanShape shape = job.shape;
  const int64_t inputSize = shape.inputSize(job.grid.rows());
  const int group = static_cast<int>(blockIdx.y);
  const int set = static_cast<int>(blockIdx.z);
  const T* table = job.table + set * job.tableSet + group * (shape.in * inputSize);
  SharedMemory memory;
  if (job.staged) {
    T* const copy = memory.take<T>(shape.in * inputSize);
    copyPieces(copy, table, shape.in * inputSize);
    __syncthreads();
    table = copy;
  }

  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int warps = static_cast<int>(blockDim.x) / kWarp;
  const int subgroups = kWarp / shape.lanes;
  const int subgroup = lane / shape.lanes;
  const int member = lane % shape.lanes;
  Activation<T>* const activations =
      memory.take<Activation<T>>(warps * forwardActivations(shape.lanes)) +
      warp * forwardActivations(shape.lanes);

  const int warpSamples = subgroups * kForwardSamples;
  const int64_t step = static_cast<int64_t>(gridDim.x) * warps * warpSamples;
  for (int64_t first = (static_cast<int64_t>(blockIdx.x) * warps + warp) * warpSamples;
       first < job.samples; first += step) {
    T sums[kForwardSamples][kLaneOutputs] = {};
    for (int i0 = 0; i0 < shape.in; i0 += kForwardInputs) {
      const int inputs = min(kForwardInputs, shape.in - i0);
      for (int i = 0; i < inputs; ++i) {
        for (int s = lane; s < warpSamples; s += kWarp) {
          const int64_t sample = first + s;
          activations[(i * subgroups + s / kForwardSamples) * kForwardPitch + s % kForwardSamples] =
              sample < job.samples ? activate(job.grid, *job.x.at(set, sample, i0 + i))
                                   : noActivation(job.grid);
        }
      }
      __syncwarp();
      for (int i = 0; i < inputs; ++i) {
        addInput<T, kOrder>(job, activations + (i * subgroups + subgroup) * kForwardPitch,
                            table + (i0 + i) * inputSize + member, sums);
      }
      __syncwarp();
    }
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v) {
      const int output = group * shape.stride() + v * shape.lanes + member;
#pragma unroll
      for (int s = 0; s < kForwardSamples; ++s) {
        const int64_t sample = first + int64_t{subgroup} * kForwardSamples + s;
        if (output < shape.out && sample < job.samples) {
          *job.y.at(set, sample, output) = sums[s][v];
        }
      }
    }
  }
}

}  // namespace fewsound::cuda
