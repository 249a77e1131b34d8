#pragma once

#include <c10/util/ArrayRef.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace fewsound {

/// Refines fundamental frequencies by instantaneous frequencies (Flanagan's formula) of the first
/// harmonics, weighted by their amplitudes: StoneMask, as WORLD computes it (Morise, Yokomori and
/// Ozawa, IEICE Transactions E99-D, 2016).
///
/// @param seconds where the frames are
/// @param frequencies Hz of each frame, 0 where unvoiced; those up to 40 Hz and those above a
///   twelfth of the rate become unvoiced, others stay as they are where the refined one is more
///   than a fifth away
void stoneMask(c10::ArrayRef<double> signal, int64_t rate, const std::vector<double>& seconds,
               std::vector<double>& frequencies, const std::atomic<bool>& abort);

}  // namespace fewsound
