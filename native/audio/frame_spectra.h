#pragma once

#include <cstdint>
#include <vector>

#include "native/audio/cpu/fft_kernel.h"

namespace fewsound {

/// Spectra of frames of real samples, by a fast transform of `lanes()` frames side by side on the
/// calling thread: for many short frames several times as fast as one transform after the other,
/// and most of all where silence follows them.
template <typename T>
class FrameSpectra {
 public:
  /// @param size of the transform, a power of two, 2 or more
  explicit FrameSpectra(int64_t size);

  // Its tables point into itself.
  FrameSpectra(const FrameSpectra&) = delete;
  FrameSpectra& operator=(const FrameSpectra&) = delete;

  int64_t size() const { return 2 * half_; }
  int64_t bins() const { return half_ + 1; }
  int64_t lanes() const { return kernel_.lanes; }
  /// Numbers that `scratch` must hold.
  int64_t scratchSize() const { return size() * lanes(); }

  /// Squared moduli [bins, lanes] of frames [samples, lanes], zeros behind them to the size of the
  /// transform; rows are `pitch` and `toPitch` numbers apart. samples <= size.
  void powers(int64_t samples, const T* frames, int64_t pitch, T* scratch, T* to,
              int64_t toPitch) const {
    kernel_.powers(tables_, samples, frames, pitch, scratch, to, toPitch);
  }

  /// Moduli of the same.
  void magnitudes(int64_t samples, const T* frames, int64_t pitch, T* scratch, T* to,
                  int64_t toPitch) const {
    kernel_.magnitudes(tables_, samples, frames, pitch, scratch, to, toPitch);
  }

 private:
  const cpu::FftKernel<T>& kernel_ = cpu::fftKernel<T>();
  int64_t half_;
  std::vector<T> twiddles_;
  std::vector<cpu::FftPass<T>> passes_;
  std::vector<int64_t> places_;
  std::vector<T> turns_;
  cpu::FftTables<T> tables_;
};

}  // namespace fewsound
