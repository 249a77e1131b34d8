#pragma once

#include "native/spline/kan_stack_backend.h"

namespace fewsound {

/// The stack by a backend, as one node of the autograd graph. Double backward goes through the
/// reference. The result has the shape that the reference gives.
at::Tensor applyKanStack(const KanStackBackend& backend, const KanStackInput& input);

}  // namespace fewsound
