#pragma once

#include <cstdint>

namespace fewsound::cpu {

/// One pass of a transform over the numbers of a block: butterflies of `radix` numbers a `span`
/// apart, where radix · span is the block's size. It leaves `radix` blocks for the next pass.
template <typename T>
struct FftPass {
  int64_t radix;  // 2, 4 or 8
  int64_t span;
  /// e^(-2πi·j·p / (radix·span)), [span, radix - 1] real and imaginary parts, p from 1.
  const T* twiddles;
};

/// What the transform of 2·half real numbers needs: that of `half` complex ones, and the numbers
/// that take its spectrum apart into those of even and odd samples.
template <typename T>
struct FftTables {
  int64_t half;
  const FftPass<T>* passes;
  const int64_t* places;  // [half]: where the passes leave frequency k
  const T* turns;         // e^(-πi·k / half), [half / 2 + 1] real and imaginary parts
};

/// Spectra of as many real signals as a vector has lanes, side by side, compiled once for each
/// instruction set. Pure and thread safe.
template <typename T>
struct FftKernel {
  const char* name;
  int64_t lanes;

  /// Writes half + 1 frequencies, `toPitch` numbers apart, of `samples` <= 2·half samples, `pitch`
  /// apart, behind which there is silence. `scratch` has room for 2·half·lanes numbers.
  using Spectra = void (*)(const FftTables<T>& tables, int64_t samples, const T* signals,
                           int64_t pitch, T* scratch, T* to, int64_t toPitch);
  Spectra powers;      // squares of the moduli
  Spectra magnitudes;  // moduli
};

/// The variant for this processor's instruction set.
template <typename T>
const FftKernel<T>& fftKernel();

}  // namespace fewsound::cpu
