#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace fewsound {

/// A change of the sampling rate by a rational factor: an FIR low-pass filter, of which each output
/// sample uses the one phase that falls on input samples (Crochiere and Rabiner, Multirate Digital
/// Signal Processing, section 2.4). No delay: output 0 stands at input 0; beyond the ends of the
/// signal are zeros.
///
/// The filter is the one that GNU Octave's `resample` designs (a sinc under a Kaiser window, 60 dB,
/// transition a tenth of the stopband's edge, taps that sum to 1), which the reference values of
/// STOI rest on. It is much longer than the ear needs; lib/audio/resample is the one for
/// listening.
class PolyphaseResampler {
 public:
  /// Rates in Hz, both positive.
  PolyphaseResampler(int64_t from, int64_t to);

  /// signal [length] at the rate `from` as [ceil(length · to / from)] at the rate `to`.
  std::vector<double> operator()(const float* signal, int64_t length) const;

 private:
  int64_t up_;
  int64_t down_;
  int64_t reach_;  // input samples before and after an output that its filter may touch
  std::vector<double> phases_;  // [up, 2 · reach + 1], a phase's taps in the order of the input
};

/// The resampler of two rates; that of the last call is kept, since recordings come in series of
/// one rate.
std::shared_ptr<const PolyphaseResampler> polyphaseResampler(int64_t from, int64_t to);

}  // namespace fewsound
