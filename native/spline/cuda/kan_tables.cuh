// Between the weights as they are trained and the tables as the kernels read them.
#pragma once

#include "native/cuda/shared_memory.cuh"
#include "native/spline/cuda/kan_jobs.h"
#include "native/spline/cuda/kan_launch.h"

namespace fewsound::cuda {

/// Threads: [row phases, outputs]. A thread goes through every kRowPhases-th row of its outputs.
constexpr int kRowPhases = 16;
constexpr int kTableThreads = kRowPhases * kWarp;

/// Blocks are [inputs of the widest layer, layers, sets].
template <typename T>
__global__ void __launch_bounds__(kTableThreads) packTablesKernel(const TablesJob<T> job) {
  const LayerJob<T>& layer = job.layer[blockIdx.y];
  const KanShape shape = layer.shape;
  const int input = static_cast<int>(blockIdx.x);
  if (input >= shape.in) return;
  const int set = static_cast<int>(blockIdx.z);
  const int bases = job.grid.bases();
  const int stride = shape.stride();
  const int64_t setEdges = static_cast<int64_t>(set) * shape.out * shape.in;
  for (int group = 0; group < shape.groups; ++group) {
    T* const to = layer.table + set * job.tableSet +
                  (group * shape.in + input) * shape.inputSize(job.grid.rows());
    for (int o = static_cast<int>(threadIdx.x) % kWarp; o < stride; o += kWarp) {
      const int output = group * stride + o;
      const int64_t edge = setEdges + static_cast<int64_t>(output) * shape.in + input;
      for (int row = static_cast<int>(threadIdx.x) / kWarp; row < job.grid.rows();
           row += kRowPhases) {
        const int basis = row - job.grid.firstBasisRow();
        T value = T(0);
        if (output < shape.out) {
          if (row == job.grid.baseRow()) {
            value = layer.base[edge];
          } else if (basis >= 0 && basis < bases) {
            value = layer.coefficients[edge * bases + basis];
            if (layer.scale != nullptr) value *= layer.scale[edge];
          }
        }
        to[static_cast<int64_t>(row) * stride + o] = value;
      }
    }
  }
}

/// Blocks are [inputs of the widest layer, layers, sets]. Each number is the sum of the blocks'
/// parts in their order, and a scale's gradient is summed over the bases in an order of its own:
/// the same input gives the same bits.
template <typename T>
__global__ void __launch_bounds__(kTableThreads) sumPartialsKernel(const TablesJob<T> job) {
  const LayerJob<T>& layer = job.layer[blockIdx.y];
  const KanShape shape = layer.shape;
  const int input = static_cast<int>(blockIdx.x);
  if (input >= shape.in) return;
  const int set = static_cast<int>(blockIdx.z);
  const int bases = job.grid.bases();
  const int stride = shape.stride();
  const int64_t tableSize = shape.tableSize(job.grid.rows());
  const int64_t setEdges = static_cast<int64_t>(set) * shape.out * shape.in;
  const int phase = static_cast<int>(threadIdx.x) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  SharedMemory memory;
  T* const along = memory.take<T>(kTableThreads);  // the scales' gradients, by phase

  const int columns = (shape.out + kWarp - 1) / kWarp;
  for (int column = 0; column < columns; ++column) {
    const int output = column * kWarp + lane;
    const bool there = output < shape.out;
    const int64_t edge = setEdges + static_cast<int64_t>(output) * shape.in + input;
    const T* const from = layer.partials + static_cast<int64_t>(set) * layer.blocks * tableSize +
                          (output / stride * shape.in + input) * shape.inputSize(job.grid.rows()) +
                          output % stride;
    const auto sumOf = [&](int row) {
      const T* part = from + static_cast<int64_t>(row) * stride;
      T sum = T(0);
#pragma unroll 16
      for (int b = 0; b < layer.blocks; ++b, part += tableSize) sum += *part;
      return sum;
    };
    T phaseAlong = T(0);
    if (there) {
      const T scale = layer.scale == nullptr ? T(1) : layer.scale[edge];
      for (int basis = phase; basis < bases; basis += kRowPhases) {
        const T sum = sumOf(job.grid.firstBasisRow() + basis);
        layer.coefficientGradient[edge * bases + basis] = scale * sum;
        phaseAlong = fma(sum, layer.coefficients[edge * bases + basis], phaseAlong);
      }
      // The last phase has the fewest bases.
      if (phase == kRowPhases - 1) layer.baseGradient[edge] = sumOf(job.grid.baseRow());
    }
    if (layer.scale == nullptr) continue;
    __syncthreads();
    along[threadIdx.x] = phaseAlong;
    __syncthreads();
    if (there && phase == 0) {
      T sum = T(0);
      for (int p = 0; p < kRowPhases; ++p) sum += along[p * kWarp + lane];
      layer.scaleGradient[edge] = sum;
    }
  }
}

}  // namespace fewsound::cuda
