#pragma once

#include <cstdint>

#include "native/parallel_for.h"

namespace fewsound::cpu {

/// Adds up the sums that threads made for themselves: for each set, those of its runs, `size`
/// numbers each, in the first of them. In the order of the runs: the same bits for the same runs.
template <typename T>
void addPrivateSums(T* sums, int64_t sets, int64_t runs, int64_t size) {
  parallelFor(0, size, 4096, [&](int64_t first, int64_t last) {
    for (int64_t set = 0; set < sets; ++set) {
      T* const total = sums + set * runs * size;
      for (int64_t run = 1; run < runs; ++run) {
        const T* const other = total + run * size;
        for (int64_t e = first; e < last; ++e) total[e] += other[e];
      }
    }
  });
}

}  // namespace fewsound::cpu
