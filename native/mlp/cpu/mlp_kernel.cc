#include "native/mlp/cpu/mlp_kernel.h"

#include "native/cpu/instruction_set.h"
#include "native/mlp/cpu/mlp_kernel_variants.h"

namespace fewsound::cpu {

template <>
const MlpKernel<float>& mlpKernel<float>() {
#if defined(__x86_64__)
  return variantFor(plainMlpFloat, avx2MlpFloat, avx512MlpFloat);
#else
  return variantFor(plainMlpFloat);
#endif
}

template <>
const MlpKernel<double>& mlpKernel<double>() {
#if defined(__x86_64__)
  return variantFor(plainMlpDouble, avx2MlpDouble, avx512MlpDouble);
#else
  return variantFor(plainMlpDouble);
#endif
}

}  // namespace fewsound::cpu
