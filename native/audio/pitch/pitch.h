#pragma once

#include <c10/util/ArrayRef.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "native/options/fields.h"

namespace fewsound {

/// Defaults are those of WORLD.
struct PitchOptions {
  double floor = 71.0;       // Hz
  double ceiling = 800.0;    // Hz
  double framePeriod = 5.0;  // ms
  double bandsPerOctave = 2.0;
  int64_t decimation = 1;
  double allowedChange = 0.1;
  bool refine = true;
  bool aperiodicity = true;
  double voicedThreshold = 0.85;
};

void fields(OptionVisitor& visit, PitchOptions& options);

/// A number for each frame, in double.
struct Pitch {
  std::vector<double> seconds;
  std::vector<double> frequency;     // Hz, 0 where unvoiced
  std::vector<double> aperiodicity;  // 0 to 1; empty where it was not asked for
};

/// The lowest rate that the aperiodicity can be measured at: it compares the power below 4 kHz with
/// that below 7.9 kHz.
inline constexpr int64_t kLeastAperiodicityRate = 15'800;

/// Samples that a recording must have: a voiced stretch as long as the shortest that is believed,
/// and as much silence on both sides of it.
int64_t leastPitchSamples(int64_t rate, const PitchOptions& options);

/// Pitch as WORLD measures it: DIO (Morise, Kawahara and Katayose 2009), refined by StoneMask, and
/// the aperiodicity by D4C (Morise 2016), its mean over frequencies, with D4C Love Train's decision
/// which frames are voiced at all. Silence is unvoiced.
///
/// @param signal samples at the rate `rate`, Hz
/// @param abort looked at between frames; what is given back is then of no use
/// @throws c10::ValueError for options or a rate out of range and for a signal that is too short
Pitch measurePitch(c10::ArrayRef<double> signal, int64_t rate, const PitchOptions& options,
                   const std::atomic<bool>& abort);

}  // namespace fewsound
