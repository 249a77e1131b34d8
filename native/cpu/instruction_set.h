#pragma once

namespace fewsound::cpu {

/// What our innermost loops are compiled for, each a variant of its own.
enum class InstructionSet { kPlain, kAvx2, kAvx512 };

/// The best that this processor runs (FEWSOUND_CPU=plain|avx2|avx512 asks for a lesser one).
InstructionSet instructionSet();

/// The variant for that set, of functions that return theirs.
template <typename Kernel>
const Kernel& variantFor(const Kernel& (*plain)(), const Kernel& (*avx2)() = nullptr,
                         const Kernel& (*avx512)() = nullptr) {
  const InstructionSet set = instructionSet();
  if (set == InstructionSet::kAvx512 && avx512 != nullptr) return avx512();
  if (set == InstructionSet::kAvx2 && avx2 != nullptr) return avx2();
  return plain();
}

}  // namespace fewsound::cpu
