#pragma once

#include <c10/util/ArrayRef.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace fewsound {

/// The part of each frame that is noise, by D4C (Morise, "D4C, a band-aperiodicity estimator for
/// high-quality speech synthesis", Speech Communication 84, 2016), as WORLD computes it: amplitudes
/// relative to the whole, every 3 kHz, as a mean over the frequencies of WORLD's spectra. Love
/// Train decides beforehand which frames are voiced.
///
/// As there, noise of 1e-6 of full scale is added to every window, always the same.
///
/// @param rate Hz, 15,800 or more
/// @param seconds where the frames are
/// @param frequencies pitch of each frame, Hz, 0 where unvoiced
/// @param threshold a frame is voiced with more than this part of the power below 7.9 kHz lying
///   below 4 kHz
/// @returns for each frame 0 to 1, 1 - 1e-12 where unvoiced
std::vector<double> d4c(c10::ArrayRef<double> signal, int64_t rate,
                        const std::vector<double>& seconds, const std::vector<double>& frequencies,
                        double threshold, const std::atomic<bool>& abort);

}  // namespace fewsound
