#include "native/nn/hyper/cpu/conv_kernel.h"

#include "native/cpu/instruction_set.h"
#include "native/nn/hyper/cpu/conv_kernel_variants.h"

namespace fewsound::cpu {

template <>
const ConvKernel<float>& convKernel<float>() {
#if defined(__x86_64__)
  return variantFor(plainConvFloat, avx2ConvFloat, avx512ConvFloat);
#else
  return variantFor(plainConvFloat);
#endif
}

template <>
const ConvKernel<double>& convKernel<double>() {
#if defined(__x86_64__)
  return variantFor(plainConvDouble, avx2ConvDouble, avx512ConvDouble);
#else
  return variantFor(plainConvDouble);
#endif
}

}  // namespace fewsound::cpu
