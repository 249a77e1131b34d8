#pragma once

#include "native/spline/kan_stack_backend.h"

namespace fewsound::cpu {

/// Fused stacks of float32 and float64 on the CPU.
const KanStackBackend& kanStackBackend();

}  // namespace fewsound::cpu
