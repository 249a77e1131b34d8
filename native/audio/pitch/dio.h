#pragma once

#include <c10/util/ArrayRef.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "native/audio/pitch/pitch.h"

namespace fewsound {

/// The shortest voiced stretch that is believed, in frames: an odd number.
int64_t leastVoicedFrames(const PitchOptions& options);

/// Fundamental frequencies by DIO (Morise, Kawahara and Katayose, "Fast and reliable F0 estimation
/// method based on the period extraction of vocal fold vibration of singing voice and speech", AES
/// 35th international conference, 2009), as WORLD computes them. Low-pass filters of many widths
/// each make a sine of the fundamental or not; the one is believed whose intervals between zero
/// crossings, peaks and dips agree best.
///
/// @param seconds where the frames are
/// @returns Hz for each frame, 0 where unvoiced
std::vector<double> dio(c10::ArrayRef<double> signal, int64_t rate,
                        const std::vector<double>& seconds, const PitchOptions& options,
                        const std::atomic<bool>& abort);

}  // namespace fewsound
