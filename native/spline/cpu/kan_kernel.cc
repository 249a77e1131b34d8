#include "native/spline/cpu/kan_kernel.h"

#include <cstdlib>
#include <string_view>

#include "native/spline/cpu/kan_kernel_variants.h"

namespace fewsound::cpu {
namespace {

enum class Variant { kPlain, kAvx2, kAvx512 };

Variant chooseVariant() {
  Variant best = Variant::kPlain;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi")) {
    best = Variant::kAvx2;
  }
  if (best == Variant::kAvx2 && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    best = Variant::kAvx512;
  }
#endif
  const char* asked = std::getenv("FEWSOUND_CPU");
  if (asked == nullptr) return best;
  if (std::string_view(asked) == "plain") return Variant::kPlain;
  if (std::string_view(asked) == "avx2" && best == Variant::kAvx512) return Variant::kAvx2;
  return best;
}

Variant variant() {
  static const Variant chosen = chooseVariant();
  return chosen;
}

}  // namespace

template <>
const KanKernel<float>& kanKernel<float>() {
#if defined(__x86_64__)
  if (variant() == Variant::kAvx512) return avx512Float();
  if (variant() == Variant::kAvx2) return avx2Float();
#endif
  return plainFloat();
}

template <>
const KanKernel<double>& kanKernel<double>() {
#if defined(__x86_64__)
  if (variant() == Variant::kAvx512) return avx512Double();
  if (variant() == Variant::kAvx2) return avx2Double();
#endif
  return plainDouble();
}

}  // namespace fewsound::cpu
