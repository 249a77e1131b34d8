#pragma once

#include <cstdint>

#include "native/spline/cuda/kan_jobs.h"

namespace fewsound::cuda {

// How the kernels are launched for a layer. The plan hangs on sizes, and on the shared memory that
// the device gives a block, alone: the same input gives the same sums in the same order.

/// The lanes that suit a layer.
KanShape shapeOf(int64_t in, int64_t out);

/// Fills in threads, blocks and what is staged; the rest of the job is given.
template <typename T>
void planForward(ForwardJob<T>& job, int64_t sets, int64_t sharedLimit);
template <typename T>
void planBackward(BackwardJob<T>& job, int64_t sets, int64_t sharedLimit);

}  // namespace fewsound::cuda
