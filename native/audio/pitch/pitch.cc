#include "native/audio/pitch/pitch.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

#include "native/audio/pitch/d4c.h"
#include "native/audio/pitch/dio.h"
#include "native/audio/pitch/stone_mask.h"

namespace fewsound {
namespace {

constexpr int64_t kLeastRate = 1000;
constexpr int64_t kMostRate = 384'000;

}  // namespace

void fields(OptionVisitor& visit, PitchOptions& options) {
  visit({.name = "floor", .meaning = "The lowest pitch that is looked for, Hz.", .source = "WORLD"},
        options.floor, Real{.least = 10.0, .most = 10'000.0});
  visit({.name = "ceiling",
         .meaning = "The highest pitch that is looked for, Hz; above the floor.",
         .source = "WORLD"},
        options.ceiling, Real{.least = 10.0, .most = 10'000.0});
  visit({.name = "framePeriod",
         .meaning = "Milliseconds from one frame to the next.",
         .source = "WORLD"},
        options.framePeriod, Real{.least = 0.1, .most = 1000.0});
  visit({.name = "bandsPerOctave",
         .meaning = "Bands in which DIO looks for the fundamental, for each octave.",
         .source = "WORLD"},
        options.bandsPerOctave, Real{.least = 1.0, .most = 32.0});
  visit({.name = "decimation",
         .meaning = "DIO looks at every sample of the filtered recording (1), at every second (2), "
                    "and so on, which is faster and less exact (\"speed\" in WORLD).",
         .source = "WORLD"},
        options.decimation, Whole{1, 12});
  visit({.name = "allowedChange",
         .meaning = "The largest change of the pitch from frame to frame, relative, within a "
                    "voiced stretch.",
         .source = "WORLD"},
        options.allowedChange, kPositive);
  visit({.name = "refine",
         .meaning = "Refine the pitch by StoneMask: the instantaneous frequencies of the first "
                    "harmonics."},
        options.refine);
  visit({.name = "aperiodicity",
         .meaning = "Measure the aperiodicity by D4C, for which the rate must be 15,800 Hz or "
                    "more."},
        options.aperiodicity);
  visit({.name = "voicedThreshold",
         .meaning = "Part of the power below 7.9 kHz that lies below 4 kHz in a voiced frame; with "
                    "less, its aperiodicity is that of noise.",
         .source = "WORLD"},
        options.voicedThreshold, Real{.least = 0.0, .most = 1.0});
}

int64_t leastPitchSamples(int64_t rate, const PitchOptions& options) {
  const int64_t frames = 3 * leastVoicedFrames(options);
  return static_cast<int64_t>(std::ceil(static_cast<double>(frames - 1) * options.framePeriod *
                                        1e-3 * static_cast<double>(rate)));
}

Pitch measurePitch(c10::ArrayRef<double> signal, int64_t rate, const PitchOptions& options,
                   const std::atomic<bool>& abort) {
  checkOptions(options);
  TORCH_CHECK_VALUE(options.ceiling > options.floor, "ceiling is ", options.ceiling,
                    "; expected a pitch above the floor, ", options.floor, " Hz");
  TORCH_CHECK_VALUE(rate >= kLeastRate && rate <= kMostRate, "sampleRate is ", rate, "; expected ",
                    kLeastRate, " to ", kMostRate, " Hz");
  TORCH_CHECK_VALUE(
      2.0 * options.ceiling * static_cast<double>(options.decimation) < static_cast<double>(rate),
      "ceiling is ", options.ceiling, "; at ", rate, " Hz, decimated by ", options.decimation,
      ", it must be below ",
      static_cast<double>(rate) / static_cast<double>(2 * options.decimation), " Hz");
  TORCH_CHECK_VALUE(!options.aperiodicity || rate >= kLeastAperiodicityRate,
                    "aperiodicity is true, but sampleRate is ", rate, "; it needs ",
                    kLeastAperiodicityRate,
                    " Hz or more: resample the recording or set it to false");
  const auto samples = static_cast<int64_t>(signal.size());
  const int64_t least = leastPitchSamples(rate, options);
  TORCH_CHECK_VALUE(samples >= least, "samples are ", samples, "; to find a pitch of ",
                    options.floor, " Hz, a recording at ", rate, " Hz needs ", least,
                    " or more: raise the floor or shorten the framePeriod");
  Pitch found;
  const auto count = static_cast<int64_t>(1000.0 * static_cast<double>(samples) /
                                          static_cast<double>(rate) / options.framePeriod) +
                     1;
  for (int64_t i = 0; i < count; ++i) {
    found.seconds.push_back(static_cast<double>(i) * options.framePeriod / 1000.0);
  }
  found.frequency = dio(signal, rate, found.seconds, options, abort);
  if (options.refine) stoneMask(signal, rate, found.seconds, found.frequency, abort);
  if (options.aperiodicity) {
    found.aperiodicity =
        d4c(signal, rate, found.seconds, found.frequency, options.voicedThreshold, abort);
  }
  return found;
}

}  // namespace fewsound
