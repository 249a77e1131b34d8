// The samples of a block, gathered by the cell of the grid they lie in, for one instruction set
// (see kan_kernel_impl.h).
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// A set of the samples of a block, a bit each.
struct Members {
  static constexpr int64_t kWords = kBlock / 64;
  uint64_t words[kWords];

  template <typename Visit>
  [[gnu::always_inline]] void each(const Visit& visit) const {
    for (int64_t w = 0; w < kWords; ++w) {
      for (uint64_t bits = words[w]; bits != 0; bits &= bits - 1) {
        visit(w * 64 + static_cast<uint32_t>(__builtin_ctzll(bits)));
      }
    }
  }
};

/// Those of 64 samples from `cells` on that lie in `cell`, a bit each.
inline uint64_t membersOf(const uint16_t* cells, uint16_t cell) {
#if defined(__AVX512BW__)
  const __m512i wanted = _mm512_set1_epi16(static_cast<int16_t>(cell));
  uint32_t low = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(cells), wanted);
  // Into a general register: GCC 12 stores 32 bits of a mask register that it must free and reads
  // back 64.
  asm("" : "+r"(low));
  const uint64_t high = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(cells + 32), wanted);
  return low | high << 32U;
#elif defined(__AVX2__)
  const __m256i wanted = _mm256_set1_epi16(static_cast<int16_t>(cell));
  uint64_t members = 0;
  for (int64_t part = 0; part < 2; ++part) {
    const auto* from = reinterpret_cast<const __m256i*>(cells + part * 32);
    const __m256i low = _mm256_cmpeq_epi16(_mm256_loadu_si256(from), wanted);
    const __m256i high = _mm256_cmpeq_epi16(_mm256_loadu_si256(from + 1), wanted);
    // Packing works in halves of the vectors: quarters 0 2 1 3 put them in order.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    const auto bits = static_cast<uint32_t>(_mm256_movemask_epi8(packed));
    members |= static_cast<uint64_t>(bits) << (static_cast<uint64_t>(part) * 32U);
  }
  return members;
#else
  uint64_t members = 0;
  for (int64_t s = 0; s < 64; ++s)
    members |= static_cast<uint64_t>(cells[s] == cell) << static_cast<uint64_t>(s);
  return members;
#endif
}

/// Calls visit(cell, members) once for each cell that the samples lie in, in the order in which
/// the cells first occur. `cells` is readable up to kBlock.
template <typename Visit>
[[gnu::always_inline]] inline void forEachCell(const uint16_t* cells, int64_t samples,
                                               const Visit& visit) {
  Members left;
  for (int64_t w = 0; w < Members::kWords; ++w) {
    const int64_t here = samples - w * 64;
    const auto count = static_cast<uint64_t>(here);
    left.words[w] = here >= 64 ? ~uint64_t{0} : here > 0 ? (uint64_t{1} << count) - 1U : 0U;
  }
  for (int64_t first = 0; first < Members::kWords; ++first) {
    while (left.words[first] != 0) {
      const uint16_t cell = cells[first * 64 + __builtin_ctzll(left.words[first])];
      Members members{};
      for (int64_t w = first; w < Members::kWords; ++w) {
        members.words[w] = membersOf(cells + w * 64, cell) & left.words[w];
        left.words[w] ^= members.words[w];
      }
      visit(cell, members);
    }
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
