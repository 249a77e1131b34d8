#pragma once

namespace fewsound::cpu {

/// What our innermost loops are compiled for, each a variant of its own.
enum class InstructionSet { kPlain, kAvx2, kAvx512 };

/// The best that this processor runs (FEWSOUND_CPU=plain|avx2|avx512 asks for a lesser one).
InstructionSet instructionSet();

}  // namespace fewsound::cpu
