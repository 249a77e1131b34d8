#pragma once

#include <cstdint>

#include "native/spline/base_activation.h"

namespace fewsound::cpu {

/// Samples that go through all layers together, so that what passes between the layers stays in
/// the first two cache levels.
constexpr int64_t kBlock = 128;

/// Highest order of the splines that the kernel computes.
constexpr int64_t kMaxOrder = 16;

/// Most intervals of a grid: cells are counted in 16 bits.
constexpr int64_t kMaxIntervals = 65'000;

/// The grid of a KAN as the kernel sees it: cells of the extended grid, counted from its lower end;
/// and what is beside the splines on it.
template <typename T>
struct KernelGrid {
  T step;         // h
  T inverseStep;  // 1 / h
  T offset;       // where x = 0 is, in cells
  int64_t cells;  // intervals + 2·order
  int64_t order;
  BaseActivation activation;

  /// Rows of one input's weight table: one a basis, zero rows on either side of them, so that the
  /// order + 1 rows from a sample's cell onwards are always there, also from the cell past the end,
  /// where what lies off the grid goes, and the base weights as the last row.
  int64_t rows() const { return cells + order + 2; }
  int64_t firstBasisRow() const { return order; }
  int64_t baseRow() const { return rows() - 1; }
};

/// One layer for one set of weights. Rows of the table are padded with zeros to `stride`, a
/// multiple of the variant's lanes.
struct KernelShape {
  int64_t in;
  int64_t out;
  int64_t stride;

  int64_t tableSize(int64_t rows) const { return in * rows * stride; }
};

/// The samples of a block and the distance of one feature's samples from the next one's: a multiple
/// of 16, so that vectors may run over the end of the samples.
struct KernelBlock {
  int64_t samples;
  int64_t pitch;
};

/// The innermost loops of the KAN stack, compiled once for each instruction set. All functions are
/// pure and thread safe. Activations and their gradients are [features, pitch]: the samples of a
/// feature side by side.
template <typename T>
struct KanKernel {
  const char* name;

  /// The stride that this variant wants for a layer with so many outputs.
  int64_t (*stride)(int64_t out);

  /// y [out, pitch] of x [in, pitch], weights in `table` [in, rows, stride].
  void (*forward)(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                  const T* x, const T* table, T* y, T* scratch);

  /// Adds the gradient of the table to `tableGradient`; writes the gradient of x, [in, pitch],
  /// unless `inputGradient` is null. `outputGradient` is [out, pitch].
  void (*backward)(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                   const T* x, const T* table, const T* outputGradient, T* inputGradient,
                   T* tableGradient, T* scratch);

  /// Numbers of T that `scratch` must hold for a layer.
  int64_t (*scratchSize)(const KernelShape& shape);

  /// [rows, columns] with rows `fromStride` apart to [columns, rows] with columns `toStride` apart.
  void (*transpose)(int64_t rows, int64_t columns, const T* from, int64_t fromStride, T* to,
                    int64_t toStride);
};

/// The variant for this processor's instruction set.
template <typename T>
const KanKernel<T>& kanKernel();

}  // namespace fewsound::cpu
