#pragma once

#include <cstdint>

namespace fewsound::cpu {

/// Sums over taps, each of which sees all of x from another place on:
/// y[row, t] = bias[row] + Σ weights[tap, row] · x[offsets[tap] + t], rows of y `pitch` apart.
template <typename T>
struct Correlation {
  int64_t rows, taps;
  const T* weights;        // [taps, rows]
  const int64_t* offsets;  // [taps]
  const T* bias;           // null: none
  const T* x;
  T* y;
  int64_t pitch;
  bool add = false;  // to what is in y
};

/// One channel of a recording between its convolution and what it becomes: of `count` numbers y,
/// a = (y - mean) · scale · gain + shift and then z = ELU(a) where it is activated.
template <typename T>
struct StageRow {
  int64_t count;
  const T* y;
  T mean, scale;
  const T* gain;  // null: no layer norm, a = y
  const T* shift;
  bool activated;
};

/// The innermost loops of a stack of convolutions, compiled once for each instruction set. All
/// functions are pure and thread safe.
template <typename T>
struct ConvKernel {
  const char* name;
  int64_t lanes;

  /// y at the vectors [first, end) of time, by whole ones.
  void (*correlate)(const Correlation<T>& correlation, int64_t first, int64_t end);

  /// sums[row, tap] += Σ gradient[row, t] · x[offsets[tap] + t] over so many vectors of time, rows
  /// of the gradient `pitch` apart.
  void (*addTapSums)(int64_t rows, int64_t taps, const int64_t* offsets, const T* gradient,
                     int64_t pitch, const T* x, int64_t vectors, T* sums);

  /// Mean of some numbers, and the sum of squares of what they differ from it.
  void (*moments)(int64_t count, const T* numbers, double* mean, double* squares);

  /// to = z (+ added, where it is not null).
  void (*activate)(const StageRow<T>& row, const T* added, T* to);

  /// The gradient of z becomes that of (y - mean) · scale, of y itself without layer norm; gain and
  /// shift get theirs added, and sums [2] that of the result and of its products with what it is
  /// the gradient of.
  void (*pullBack)(const StageRow<T>& row, const T* gradient, T* to, T* gainSums, T* shiftSums,
                   double* sums);

  /// What layer norm makes of that, in place: the gradient of y, given the means of both sums.
  /// Returns its sum.
  double (*pullBackNorm)(const StageRow<T>& row, T mean, T product, T* gradient);
};

/// The variant for this processor's instruction set.
template <typename T>
const ConvKernel<T>& convKernel();

}  // namespace fewsound::cpu
