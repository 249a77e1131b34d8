#include "native/audio/cpu/fft_kernel.h"

#include "native/audio/cpu/fft_kernel_variants.h"
#include "native/cpu/instruction_set.h"

namespace fewsound::cpu {

template <>
const FftKernel<float>& fftKernel<float>() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::kAvx512) return avx512FftFloat();
  if (instructionSet() == InstructionSet::kAvx2) return avx2FftFloat();
#endif
  return plainFftFloat();
}

template <>
const FftKernel<double>& fftKernel<double>() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::kAvx512) return avx512FftDouble();
  if (instructionSet() == InstructionSet::kAvx2) return avx2FftDouble();
#endif
  return plainFftDouble();
}

}  // namespace fewsound::cpu
