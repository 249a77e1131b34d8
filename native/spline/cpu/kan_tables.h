#pragma once

#include <cstdint>

#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu {

/// The weights of one layer for one set, or their gradients. Edges are [out, in].
template <typename T>
struct LayerPointers {
  T* base;
  T* coefficients;  // [out, in, bases]
  T* scale;         // null without "scale spline"
};

/// Weights as the kernel reads them, [in, rows, stride]; the scale is folded into the coefficients.
template <typename T>
void packTable(const KernelGrid<T>& grid, const KernelShape& shape,
               const LayerPointers<const T>& weights, T* table);

/// From the gradient of a table to those of the weights it was packed from.
template <typename T>
void unpackGradient(const KernelGrid<T>& grid, const KernelShape& shape, const T* tableGradient,
                    const LayerPointers<const T>& weights, const LayerPointers<T>& gradients);

}  // namespace fewsound::cpu
