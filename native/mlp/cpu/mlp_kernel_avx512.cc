#define FEWSOUND_VARIANT avx512
#define FEWSOUND_VARIANT_NAME "avx512"
#define FEWSOUND_VECTOR_BYTES 64
#include "native/mlp/cpu/mlp_kernel_impl.h"
#include "native/mlp/cpu/mlp_kernel_variants.h"

namespace fewsound::cpu {

const MlpKernel<float>& avx512MlpFloat() { return avx512::kMlpKernel<float>; }
const MlpKernel<double>& avx512MlpDouble() { return avx512::kMlpKernel<double>; }

}  // namespace fewsound::cpu
