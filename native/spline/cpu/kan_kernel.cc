#include "native/spline/cpu/kan_kernel.h"

#include "native/cpu/instruction_set.h"
#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {

template <>
const KanKernel<float>& kanKernel<float>() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::kAvx512) return avx512Float();
  if (instructionSet() == InstructionSet::kAvx2) return avx2Float();
#endif
  return plainFloat();
}

template <>
const KanKernel<double>& kanKernel<double>() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::kAvx512) return avx512Double();
  if (instructionSet() == InstructionSet::kAvx2) return avx2Double();
#endif
  return plainDouble();
}

}  // namespace fewsound::cpu
