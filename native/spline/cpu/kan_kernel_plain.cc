#define FEWSOUND_VARIANT plain
#define FEWSOUND_VARIANT_NAME "plain"
#define FEWSOUND_VECTOR_BYTES 16
#include "native/spline/cpu/kan_kernel_impl.h"
#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {

const KanKernel<float>& plainFloat() { return plain::kKernel<float>; }
const KanKernel<double>& plainDouble() { return plain::kKernel<double>; }

}  // namespace fewsound::cpu
