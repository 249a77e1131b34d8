#define FEWSOUND_VARIANT avx2
#define FEWSOUND_VARIANT_NAME "avx2"
#define FEWSOUND_VECTOR_BYTES 32
#include "native/spline/cpu/kan_kernel_impl.h"
#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {

const KanKernel<float>& avx2Float() { return avx2::kKernel<float>; }
const KanKernel<double>& avx2Double() { return avx2::kKernel<double>; }

}  // namespace fewsound::cpu
