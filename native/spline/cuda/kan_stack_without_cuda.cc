#include "native/spline/cuda/kan_stack_cuda.h"

namespace fewsound::cuda {

const KanStackBackend* kanStackBackend() { return nullptr; }

}  // namespace fewsound::cuda
