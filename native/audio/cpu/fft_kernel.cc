#include "native/audio/cpu/fft_kernel.h"

#include "native/audio/cpu/fft_kernel_variants.h"
#include "native/cpu/instruction_set.h"

namespace fewsound::cpu {

template <>
const FftKernel<float>& fftKernel<float>() {
#if defined(__x86_64__)
  return variantFor(plainFftFloat, avx2FftFloat, avx512FftFloat);
#else
  return variantFor(plainFftFloat);
#endif
}

template <>
const FftKernel<double>& fftKernel<double>() {
#if defined(__x86_64__)
  return variantFor(plainFftDouble, avx2FftDouble, avx512FftDouble);
#else
  return variantFor(plainFftDouble);
#endif
}

}  // namespace fewsound::cpu
