#pragma once

#include <array>
#include <cstddef>

namespace fewsound {

/// The discrete Fourier transform of 512 real numbers, on the calling thread alone.
///
/// LibTorch's transforms go through OpenMP, whose threads a job on a new thread would have to start
/// first: that takes longer than all transforms of a recording.
class RealFft512 {
 public:
  static constexpr std::size_t kSize = 512;
  static constexpr std::size_t kBins = kSize / 2 + 1;

  struct Spectrum {
    std::array<double, kBins> real;
    std::array<double, kBins> imaginary;
  };

  RealFft512() noexcept;
  void operator()(const std::array<double, kSize>& samples, Spectrum& spectrum) const noexcept;

 private:
  static constexpr std::size_t kHalf = kSize / 2;
  using Half = std::array<double, kHalf>;

  /// In place, of complex numbers.
  void transformHalf(Half& real, Half& imaginary) const noexcept;

  Half cosines_;  // of i / 512 of a turn
  Half sines_;    // negative
};

}  // namespace fewsound
