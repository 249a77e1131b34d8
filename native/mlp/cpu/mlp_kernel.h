#pragma once

#include <cstdint>

#include "native/mlp/activation.h"

namespace fewsound::cpu {

/// Samples that go through all layers together: a feature of theirs takes 256 bytes, and a layer of
/// a hundred features fits in the first cache level.
template <typename T>
constexpr int64_t kTile = 256 / sizeof(T);

/// sums [rows, columns] = left [rows, depth] · right [depth, columns] (+ bias [rows]), or with
/// `add` sums + sign · left · right. Rows lie `…Stride` apart, the numbers of a row of the left
/// `leftStep`: it may be a transposed one. Columns are a multiple of the variant's lanes.
template <typename T>
struct Product {
  int64_t rows, depth, columns;
  const T* left;
  int64_t leftStride, leftStep;
  const T* right;
  int64_t rightStride;
  T* sums;
  int64_t sumsStride;
  const T* bias = nullptr;
  bool add = false;
  T sign = T(1);
};

/// One activation between two layers, of a tile's numbers [features, kTile]: so many `count`. It
/// includes what the next layer does to its input before its linear map.
template <typename T>
struct ActivationStep {
  Activation kind;
  int64_t count;
  bool complex;    // Gabor: whether z has an imaginary plane behind its real one
  T omega;         // Gabor: the layer's
  T scaleSquared;  // Gabor
  T nextOmega;     // sines: the next layer's, which scales its input
};

/// The innermost loops of the stacks, compiled once for each instruction set. All functions are
/// pure and thread safe.
template <typename T>
struct MlpKernel {
  const char* name;
  int64_t lanes;

  void (*multiply)(const Product<T>& product);

  /// to = a + sign · b, `count` numbers.
  void (*addPlanes)(int64_t count, const T* a, const T* b, T sign, T* to);

  /// Of three products a complex one (see MlpLayer): imaginary -= real + other; real -= other.
  void (*combine)(int64_t count, T* real, T* imaginary, const T* other);

  /// [rows, columns] with rows `fromStride` apart to [columns, rows] with columns `toStride` apart.
  void (*transpose)(int64_t rows, int64_t columns, const T* from, int64_t fromStride, T* to,
                    int64_t toStride);

  /// x = the next layer's input, of z. Sines leave dx/dz in `slopes` where it is not null; it may
  /// be z. ReLU may have x = z.
  void (*activate)(const ActivationStep<T>& step, const T* z, T* x, T* slopes);

  /// The gradient of x becomes that of z, in place; z (of sines, the slopes) and x as `activate`
  /// left them. The learnable omega of a wavelet gets its gradient added to omegaSums [lanes].
  void (*pullBack)(const ActivationStep<T>& step, const T* z, const T* x, T* gradient,
                   T* omegaSums);

  /// What the first layer does to its input before its linear map, in place. Where `slopes` is not
  /// null it gets what the gradient is to be multiplied by.
  void (*scaleInput)(Activation kind, int64_t count, T omega, T* x, T* slopes);

  /// Adds the sums of rows [rows, kTile] to sums [rows, lanes], each in lanes of its own.
  void (*addRowSums)(int64_t rows, const T* from, T* sums);

  /// Sine (and cosine, where it is not null) of a multiple of kTile numbers.
  void (*sines)(int64_t count, const T* x, T* sine, T* cosine);
};

/// The variant for this processor's instruction set.
template <typename T>
const MlpKernel<T>& mlpKernel();

}  // namespace fewsound::cpu
