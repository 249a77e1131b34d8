#pragma once

#include "native/spline/kan_stack_backend.h"

namespace fewsound::cuda {

/// Fused stacks of float32 and float64 on CUDA devices; null in a build without CUDA.
const KanStackBackend* kanStackBackend();

}  // namespace fewsound::cuda
