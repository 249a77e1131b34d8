#pragma once

#include <cstddef>
#include <cstdint>

#include "native/spline/cuda/kan_jobs.h"

namespace fewsound::cuda {

// Launches of the kernels, for float and double. Each returns what CUDA says is wrong, null where
// nothing is. `stream` is a cudaStream_t.

/// Samples that a subgroup of lanes takes through the forward kernel at once.
constexpr int kForwardSamples = 8;
/// Inputs whose bases a warp works out before it uses them.
constexpr int kForwardInputs = 4;
/// Samples of a tile of the backward kernel, for each replica.
constexpr int kTileSamples = 32;

// Threads of a block, at most.
constexpr int kForwardThreads = 256;
constexpr int kBackwardThreads = 512;

/// From weights to tables: the scale is folded into the coefficients.
template <typename T>
const char* launchPackTables(const TablesJob<T>& job, int sets, void* stream);

/// y of one layer.
template <typename T>
const char* launchForward(const ForwardJob<T>& job, int sets, void* stream);

/// The gradient of a layer's input, and each block's part of the gradient of its table.
template <typename T>
const char* launchBackward(const BackwardJob<T>& job, int sets, void* stream);

/// Sums the blocks' parts up, in their order, into the gradients of the weights.
template <typename T>
const char* launchSumPartials(const TablesJob<T>& job, int sets, void* stream);

/// Shared memory of the two, in bytes.
template <typename T>
int64_t forwardSharedBytes(const ForwardJob<T>& job);
template <typename T>
int64_t backwardSharedBytes(const BackwardJob<T>& job);

}  // namespace fewsound::cuda
