#define FEWSOUND_VARIANT avx2
#define FEWSOUND_VARIANT_NAME "avx2"
#define FEWSOUND_VECTOR_BYTES 32
#include "native/mlp/cpu/mlp_kernel_impl.h"
#include "native/mlp/cpu/mlp_kernel_variants.h"

namespace fewsound::cpu {

const MlpKernel<float>& avx2MlpFloat() { return avx2::kMlpKernel<float>; }
const MlpKernel<double>& avx2MlpDouble() { return avx2::kMlpKernel<double>; }

}  // namespace fewsound::cpu
