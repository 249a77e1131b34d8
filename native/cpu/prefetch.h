#pragma once

#include <cstdint>

namespace fewsound::cpu {

/// Has numbers that will be read soon brought into the second cache level meanwhile.
template <typename T>
void prefetch(const T* from, int64_t count) {
  constexpr int64_t line = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += line) __builtin_prefetch(from + i, /*rw=*/0, /*locality=*/2);
}

}  // namespace fewsound::cpu
