// Gradients of a KAN layer.
//
// A subgroup of lanes owns an input of the layer: it alone adds to that input's part of the block's
// sums, sample after sample, so no addition is atomic and the order of all of them is fixed. As
// long as samples stay in a cell, the cell's sums stay in registers. Where a block has more
// subgroups than inputs, several replicas of its sums take a share of its samples each.
#pragma once

#include "native/cuda/shared_memory.cuh"
#include "native/spline/cuda/kan_activation.cuh"
#include "native/spline/cuda/kan_launch.h"

namespace fewsound::cuda {

/// Samples of the output's gradient lie an odd number of values apart (strides are even), so that a
/// warp which writes one output of many samples meets every bank once.
constexpr int gradientPitch(int stride) { return stride + 1; }

/// Activations of a subgroup's samples: one more than there are, so that two subgroups' loads do
/// not meet in the same banks.
constexpr int kActivationPitch = kTileSamples + 1;

/// One lane's view of its input's table and of the sums for it, from its first output on; and, for
/// orders known to the compiler, what it holds of the current cell: the polynomial's slope, and the
/// sums of the output's gradient times the powers of the fraction.
template <typename T, int kOrder>
class LaneSums {
 public:
  __device__ LaneSums(const KanGrid<T>& grid, const KanShape& shape, bool active)
      : grid_(grid), stride_(shape.stride()), lanes_(shape.lanes), active_(active) {}

  __device__ void begin(const T* weights, T* sums) {
    weights_ = weights;
    sums_ = sums;
    cell_ = -1;
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v) {
      base_[v] = weights == nullptr ? T(0) : weights_[grid_.baseRow() * stride_ + v * lanes_];
      baseSums_[v] = T(0);
    }
  }

  /// Adds a sample's part to the sums; returns the lane's part of the gradient of its input.
  __device__ T add(const Activation<T>& at, const T* gradient) {
    T g[kLaneOutputs];
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v, gradient += lanes_) {
      g[v] = *gradient;
      baseSums_[v] = fma(at.base, g[v], baseSums_[v]);
    }
    if constexpr (kOrder > 0) {
      return addPolynomial(at, g);
    } else {
      return addBases(at, g);
    }
  }

  /// Writes what is in registers.
  __device__ void end() {
    flushCell();
    if (!active_) return;
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v) {
      sums_[grid_.baseRow() * stride_ + v * lanes_] += baseSums_[v];
    }
  }

 private:
  static constexpr int kSlopes = kOrder > 0 ? kOrder : 1;
  static constexpr int kPowers = kOrder + 1;

  __device__ void flushCell() {
    if constexpr (kOrder > 0) {
      if (cell_ < 0 || !active_) return;
#pragma unroll
      for (int v = 0; v < kLaneOutputs; ++v) {
        toSplineGradient<kOrder>(powers_[v]);
#pragma unroll
        for (int j = 0; j <= kOrder; ++j) {
          sums_[(cell_ + j) * stride_ + v * lanes_] += powers_[v][j];
        }
      }
    }
  }

  __device__ void enterCell(int cell) {
    cell_ = cell;
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v) {
#pragma unroll
      for (int j = 0; j <= kOrder; ++j) powers_[v][j] = T(0);
      if (weights_ == nullptr) continue;
      T c[kPowers];
#pragma unroll
      for (int j = 0; j <= kOrder; ++j) c[j] = weights_[(cell + j) * stride_ + v * lanes_];
      toPolynomial<kOrder>(c);
#pragma unroll
      for (int j = 0; j < kOrder; ++j) slope_[v][j] = T(j + 1) * grid_.inverseStep * c[j + 1];
    }
  }

  __device__ T addPolynomial(const Activation<T>& at, const T* g) {
    if (at.cell != cell_) {
      flushCell();
      enterCell(at.cell);
    }
    T dot = T(0);
#pragma unroll
    for (int v = 0; v < kLaneOutputs; ++v) {
      T power = g[v];
      powers_[v][0] += power;
#pragma unroll
      for (int j = 1; j <= kOrder; ++j) {
        power *= at.fraction;
        powers_[v][j] += power;
      }
      T slope = slope_[v][kOrder - 1];
#pragma unroll
      for (int j = kOrder - 2; j >= 0; --j) slope = fma(slope, at.fraction, slope_[v][j]);
      dot = fma(fma(at.baseSlope, base_[v], slope), g[v], dot);
    }
    return dot;
  }

  __device__ T addBases(const Activation<T>& at, const T* g) {
    const int order = grid_.order;
    T bases[kMaxOrder + 1];
    localBases(at.fraction, order, bases);
    if (active_) {
      for (int j = 0; j <= order; ++j) {
        for (int v = 0; v < kLaneOutputs; ++v) {
          sums_[(at.cell + j) * stride_ + v * lanes_] += bases[j] * g[v];
        }
      }
    }
    if (weights_ == nullptr) return T(0);
    // The slope of a spline is one of the order below, on the differences of its coefficients.
    localBases(at.fraction, order - 1, bases);
    T dot = T(0);
    for (int v = 0; v < kLaneOutputs; ++v) {
      const T* row = weights_ + at.cell * stride_ + v * lanes_;
      T slope = T(0);
      for (int j = 0; j < order; ++j, row += stride_) {
        slope = fma(bases[j], row[stride_] - *row, slope);
      }
      dot = fma(fma(at.baseSlope, base_[v], slope * grid_.inverseStep), g[v], dot);
    }
    return dot;
  }

  const KanGrid<T> grid_;
  const int stride_;
  const int lanes_;
  const bool active_;  // whether the lane has an input
  const T* weights_ = nullptr;
  T* sums_ = nullptr;
  int cell_ = -1;
  T base_[kLaneOutputs];
  T baseSums_[kLaneOutputs];
  T powers_[kLaneOutputs][kPowers] = {};
  T slope_[kLaneOutputs][kSlopes] = {};
};

/// Brings the output's gradient of a tile and a group to shared memory: [samples, pitch], zeros
/// where there is no sample or no output.
template <typename T>
__device__ void stageGradient(const BackwardJob<T>& job, int set, int group, int64_t first,
                              int64_t end, T* gradient) {
  const int stride = job.shape.stride();
  const int samples = job.replicas * kTileSamples;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int warps = static_cast<int>(blockDim.x) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int o = warp; o < stride; o += warps) {
    const int output = group * stride + o;
    for (int s = lane; s < samples; s += kWarp) {
      const bool there = first + s < end && output < job.shape.out;
      gradient[s * gradientPitch(stride) + o] =
          there ? *job.outputGradient.at(set, first + s, output) : T(0);
    }
  }
}

/// Blocks are [blocks of samples, blocks of inputs, sets].
template <typename T, int kOrder>
__global__ void __launch_bounds__(kBackwardThreads) backwardKernel(const BackwardJob<T> job) {
  const KanShape shape = job.shape;
  const int64_t inputSize = shape.inputSize(job.grid.rows());
  const int set = static_cast<int>(blockIdx.z);
  const int firstInput = static_cast<int>(blockIdx.y) * job.blockInputs;
  const int inputs = min(job.blockInputs, shape.in - firstInput);
  const bool inputNeeded = job.inputGradient.data != nullptr;

  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int slots = static_cast<int>(blockDim.x) / shape.lanes;
  const int slot = static_cast<int>(threadIdx.x) / shape.lanes;
  const int member = lane % shape.lanes;
  const int replica = slot / job.blockInputs;
  const int input = slot % job.blockInputs;
  const bool active = replica < job.replicas && input < inputs;

  // This block's part of the layer's table, and of the partial sums that it leaves behind.
  const T* const table = job.table + set * job.tableSet + firstInput * inputSize;
  T* const partial =
      job.partials +
      (static_cast<int64_t>(set) * job.blocks + blockIdx.x) * shape.tableSize(job.grid.rows()) +
      firstInput * inputSize;
  const int64_t tableGroup = shape.in * inputSize;
  const int64_t ownGroup = inputs * inputSize;

  SharedMemory memory;
  const T* weights = inputNeeded ? table : nullptr;
  int64_t weightsGroup = tableGroup;
  if (job.stagedWeights) {
    T* const copy = memory.take<T>(shape.groups * job.blockInputs * inputSize);
    weightsGroup = ownGroup;
    for (int g = 0; g < shape.groups; ++g) {
      copyPieces(copy + g * ownGroup, table + g * tableGroup, ownGroup);
    }
    weights = copy;
  }
  T* sums = partial;
  int64_t sumsGroup = tableGroup;
  int64_t sumsReplica = 0;
  if (job.stagedSums) {
    sumsGroup = ownGroup;
    sumsReplica = shape.groups * ownGroup;
    sums = memory.take<T>(job.replicas * shape.groups * job.blockInputs * inputSize);
    for (int64_t e = threadIdx.x; e < job.replicas * sumsReplica; e += blockDim.x) sums[e] = T(0);
  } else {
    for (int g = 0; g < shape.groups; ++g) {
      for (int64_t e = threadIdx.x; e < ownGroup; e += blockDim.x) sums[g * tableGroup + e] = T(0);
    }
  }
  T* const gradient = memory.take<T>(job.replicas * kTileSamples * gradientPitch(shape.stride()));
  Activation<T>* const activations =
      memory.take<Activation<T>>(slots * kActivationPitch) + slot * kActivationPitch;
  T* const inputGradient = memory.take<T>(slots * kTileSamples) + slot * kTileSamples;

  const int laneInput = active ? input : 0;
  LaneSums<T, kOrder> own(job.grid, shape, active);
  const auto beginGroup = [&](int group) {
    const int64_t offset = laneInput * inputSize + member;
    own.begin(weights == nullptr ? nullptr : weights + group * weightsGroup + offset,
              sums + (active ? replica : 0) * sumsReplica + group * sumsGroup + offset);
  };
  __syncthreads();
  beginGroup(0);

  const int64_t tileSamples = job.replicas * kTileSamples;
  const int64_t tiles = (job.samples + tileSamples - 1) / tileSamples;
  const int64_t lastTile = (blockIdx.x + 1) * tiles / job.blocks;
  for (int64_t tile = blockIdx.x * tiles / job.blocks; tile < lastTile; ++tile) {
    const int64_t first = tile * tileSamples;
    const int64_t ownFirst = first + int64_t{active ? replica : 0} * kTileSamples;
    for (int group = 0; group < shape.groups; ++group) {
      __syncthreads();
      stageGradient(job, set, group, first, job.samples, gradient);
      if (group == 0) {
        for (int s = member; s < kTileSamples; s += shape.lanes) {
          const int64_t sample = ownFirst + s;
          activations[s] = active && sample < job.samples
                               ? activate(job.grid, *job.x.at(set, sample, firstInput + input))
                               : noActivation(job.grid);
        }
      }
      __syncthreads();
      const T* g =
          gradient + (active ? replica : 0) * kTileSamples * gradientPitch(shape.stride()) + member;
      for (int s = 0; s < kTileSamples; ++s, g += gradientPitch(shape.stride())) {
        T dot = own.add(activations[s], g);
        if (inputNeeded) {
          for (int d = shape.lanes / 2; d > 0; d /= 2) dot += __shfl_xor_sync(~0U, dot, d);
          if (member == 0) inputGradient[s] = group == 0 ? dot : inputGradient[s] + dot;
        }
      }
      // With several groups the registers are for one after the other.
      if (shape.groups > 1) {
        own.end();
        beginGroup((group + 1) % shape.groups);
      }
    }
    if (inputNeeded) {
      __syncwarp();
      for (int s = member; s < kTileSamples; s += shape.lanes) {
        if (active && ownFirst + s < job.samples) {
          *job.inputGradient.at(set, ownFirst + s, firstInput + input) = inputGradient[s];
        }
      }
    }
  }
  own.end();

  if (!job.stagedSums) return;
  __syncthreads();
  for (int g = 0; g < shape.groups; ++g) {
    for (int64_t e = threadIdx.x; e < ownGroup; e += blockDim.x) {
      T sum = sums[g * ownGroup + e];
      for (int r = 1; r < job.replicas; ++r) sum += sums[r * sumsReplica + g * ownGroup + e];
      partial[g * tableGroup + e] = sum;
    }
  }
}

}  // namespace fewsound::cuda
