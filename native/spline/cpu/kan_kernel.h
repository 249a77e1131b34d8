#pragma once

#include <cstdint>

namespace fewsound::cpu {

/// The grid of a KAN as the kernel sees it: cells of the extended grid, counted from its lower end.
template <typename T>
struct KernelGrid {
  T inverseStep;  // 1 / h
  T offset;       // where x = 0 is, in cells
  int64_t cells;  // intervals + 2·order
  int64_t order;

  /// Rows of one input's weight table: one a basis, `order` zero rows on either side of them, so
  /// that the order + 1 rows from a sample's cell onwards are always there, and the base weights as
  /// the last row.
  int64_t rows() const { return cells + order + 1; }
  int64_t firstBasisRow() const { return order; }
  int64_t baseRow() const { return rows() - 1; }
};

/// One layer for one set of weights. Outputs are padded to `stride`, a multiple of the variant's
/// lanes.
struct KernelShape {
  int64_t in;
  int64_t out;
  int64_t stride;

  int64_t tableSize(int64_t rows) const { return in * rows * stride; }
};

/// The innermost loops of the KAN stack, compiled once for each instruction set. Samples come one
/// after another, features of a sample side by side. All functions are pure and thread safe.
template <typename T>
struct KanKernel {
  const char* name;

  /// The stride that this variant wants for a layer with so many outputs.
  int64_t (*stride)(int64_t out);

  /// y [samples, out] of x [samples, in], weights in `table` [in, rows, stride].
  void (*forward)(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples, const T* x,
                  const T* table, T* y, T* scratch);

  /// Adds the gradient of the table to `tableGradient`; writes the gradient of x, [samples, in],
  /// unless `inputGradient` is null.
  void (*backward)(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples, const T* x,
                   const T* table, const T* outputGradient, T* inputGradient, T* tableGradient,
                   T* scratch);

  /// Numbers of T that `scratch` must hold for `samples` samples of a layer.
  int64_t (*scratchSize)(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples);
};

/// The fastest variant that this processor runs (FEWSOUND_CPU=plain|avx2|avx512 asks for a lesser
/// one).
template <typename T>
const KanKernel<T>& kanKernel();

}  // namespace fewsound::cpu
