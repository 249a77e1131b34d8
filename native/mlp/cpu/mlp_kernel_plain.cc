#define FEWSOUND_VARIANT plain
#define FEWSOUND_VARIANT_NAME "plain"
#define FEWSOUND_VECTOR_BYTES 16
#include "native/mlp/cpu/mlp_kernel_impl.h"
#include "native/mlp/cpu/mlp_kernel_variants.h"

namespace fewsound::cpu {

const MlpKernel<float>& plainMlpFloat() { return plain::kMlpKernel<float>; }
const MlpKernel<double>& plainMlpDouble() { return plain::kMlpKernel<double>; }

}  // namespace fewsound::cpu
