#include "native/cpu/instruction_set.h"

#include <cstdlib>
#include <string_view>

namespace fewsound::cpu {
namespace {

InstructionSet choose() {
  InstructionSet best = InstructionSet::kPlain;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi")) {
    best = InstructionSet::kAvx2;
  }
  if (best == InstructionSet::kAvx2 && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    best = InstructionSet::kAvx512;
  }
#endif
  const char* asked = std::getenv("FEWSOUND_CPU");
  if (asked == nullptr) return best;
  if (std::string_view(asked) == "plain") return InstructionSet::kPlain;
  if (std::string_view(asked) == "avx2" && best == InstructionSet::kAvx512) {
    return InstructionSet::kAvx2;
  }
  return best;
}

}  // namespace

InstructionSet instructionSet() {
  static const InstructionSet chosen = choose();
  return chosen;
}

}  // namespace fewsound::cpu
