#define FEWSOUND_VARIANT avx512
#define FEWSOUND_VARIANT_NAME "avx512"
#define FEWSOUND_VECTOR_BYTES 64
#include "native/spline/cpu/kan_kernel_impl.h"
#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {

const KanKernel<float>& avx512Float() { return avx512::kKernel<float>; }
const KanKernel<double>& avx512Double() { return avx512::kKernel<double>; }

}  // namespace fewsound::cpu
