#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

/// A change of the sampling rate by a rational factor as one convolution, on any device and with
/// gradients: each output is a sum over inputs under a sinc in a Kaiser window, flat up to 0.94 of
/// the lower Nyquist frequency and 80 dB down from there on, as in lib/audio/resample. No delay;
/// beyond the ends of a signal are zeros.
class SincRates {
 public:
  /// Rates in Hz. Throws for a pair whose filter would have more than 16 million taps.
  SincRates(int64_t from, int64_t to);

  bool areSame() const { return from_ == to_; }
  /// Of so many samples.
  int64_t resampledLength(int64_t samples) const { return (samples * to_ + from_ - 1) / from_; }
  /// For `resample`: [outputs, 1, taps].
  at::Tensor taps(const at::TensorOptions& options) const;
  /// signal [batch, samples] -> [batch, resampledLength]
  at::Tensor resample(const at::Tensor& signal, const at::Tensor& taps) const;

 private:
  int64_t from_;   // in lowest terms
  int64_t to_;     // as from
  int64_t reach_;  // inputs before and after an output that it hears
};

}  // namespace fewsound
