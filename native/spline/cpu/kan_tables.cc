#include "native/spline/cpu/kan_tables.h"

#include <algorithm>

namespace fewsound::cpu {

template <typename T>
void packTable(const KernelGrid<T>& grid, const KernelShape& shape,
               const LayerPointers<const T>& weights, T* table) {
  const int64_t rows = grid.rows();
  const int64_t bases = grid.cells - grid.order;
  std::fill_n(table, shape.tableSize(rows), T(0));
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t i = 0; i < shape.in; ++i) {
      const int64_t edge = o * shape.in + i;
      const T factor = weights.scale == nullptr ? T(1) : weights.scale[edge];
      T* column = table + i * rows * shape.stride + o;
      for (int64_t m = 0; m < bases; ++m) {
        column[(grid.firstBasisRow() + m) * shape.stride] =
            factor * weights.coefficients[edge * bases + m];
      }
      column[grid.baseRow() * shape.stride] = weights.base[edge];
    }
  }
}

template <typename T>
void unpackGradient(const KernelGrid<T>& grid, const KernelShape& shape, const T* tableGradient,
                    const LayerPointers<const T>& weights, const LayerPointers<T>& gradients) {
  const int64_t rows = grid.rows();
  const int64_t bases = grid.cells - grid.order;
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t i = 0; i < shape.in; ++i) {
      const int64_t edge = o * shape.in + i;
      const T* column = tableGradient + i * rows * shape.stride + o;
      const T factor = weights.scale == nullptr ? T(1) : weights.scale[edge];
      T along = 0;
      for (int64_t m = 0; m < bases; ++m) {
        const T gradient = column[(grid.firstBasisRow() + m) * shape.stride];
        gradients.coefficients[edge * bases + m] = factor * gradient;
        along += gradient * weights.coefficients[edge * bases + m];
      }
      gradients.base[edge] = column[grid.baseRow() * shape.stride];
      if (gradients.scale != nullptr) gradients.scale[edge] = along;
    }
  }
}

template void packTable(const KernelGrid<float>&, const KernelShape&,
                        const LayerPointers<const float>&, float*);
template void packTable(const KernelGrid<double>&, const KernelShape&,
                        const LayerPointers<const double>&, double*);
template void unpackGradient(const KernelGrid<float>&, const KernelShape&, const float*,
                             const LayerPointers<const float>&, const LayerPointers<float>&);
template void unpackGradient(const KernelGrid<double>&, const KernelShape&, const double*,
                             const LayerPointers<const double>&, const LayerPointers<double>&);

}  // namespace fewsound::cpu
