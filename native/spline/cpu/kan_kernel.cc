#include "native/spline/cpu/kan_kernel.h"

#include "native/cpu/instruction_set.h"
#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {

template <>
const KanKernel<float>& kanKernel<float>() {
#if defined(__x86_64__)
  return variantFor(plainFloat, avx2Float, avx512Float);
#else
  return variantFor(plainFloat);
#endif
}

template <>
const KanKernel<double>& kanKernel<double>() {
#if defined(__x86_64__)
  return variantFor(plainDouble, avx2Double, avx512Double);
#else
  return variantFor(plainDouble);
#endif
}

}  // namespace fewsound::cpu
