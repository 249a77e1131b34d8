// The KAN layer for one instruction set. Included by kan_kernel_{plain,avx2,avx512}.cc, each of
// which defines FEWSOUND_VARIANT (a namespace) and FEWSOUND_VECTOR_BYTES, and is compiled with the
// flags of its instruction set. No header with inline code of others may come in here: the linker
// would be free to take their AVX-512 instantiation for the whole program.
//
// Per sample and input only order + 1 bases are not zero. The kernel goes input by input through a
// block of samples, outputs side by side. To add to the rows of the table, and with many registers
// also to read them, it goes through the samples of each cell together, whose rows stay in
// registers meanwhile.

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "native/cpu/vector_math.h"
#include "native/spline/cpu/kan_activation.h"
#include "native/spline/cpu/kan_input_backward.h"
#include "native/spline/cpu/kan_input_forward.h"
#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// How the outputs of a layer are cut into vectors, and those into passes whose rows fit in the
/// registers.
template <typename T>
struct ColumnPlan {
  int64_t lanes;
  int64_t vectors;

  static constexpr int64_t kWide = FEWSOUND_VECTOR_BYTES / sizeof(T);
  static constexpr int64_t kHalf = kWide >= 4 ? kWide / 2 : kWide;
  static constexpr int64_t kQuarter = kWide >= 8 ? kWide / 4 : kHalf;

  explicit ColumnPlan(int64_t out) {
    // Half as wide costs half as much, and a row of whole vectors never splits a cache line. Less
    // than half costs the same as half.
    const auto needed = [out](int64_t width) { return (out + width - 1) / width; };
    lanes = out <= kQuarter ? kQuarter : needed(kHalf) < 2 * needed(kWide) ? kHalf : kWide;
    vectors = needed(lanes);
  }

  int64_t stride() const { return lanes * vectors; }

  /// Calls pass.operator()<lanes, vectors>(column), with up to kMost vectors, until all columns are
  /// done.
  template <int64_t kMost, typename Pass>
  void run(const Pass& pass) const {
    if (lanes == kWide) return runAll<kMost, kWide>(pass);
    if (lanes == kHalf) return runAll<kMost, kHalf>(pass);
    pass.template operator()<kQuarter, 1>(0);
  }

 private:
  template <int64_t kMost, int64_t kLanes, typename Pass>
  void runAll(const Pass& pass) const {
    for (int64_t done = 0; done < vectors;) {
      const int64_t left = vectors - done;
      const int64_t column = done * kLanes;
      // Four are two and two: three and one would leave one that waits for its additions.
      const int64_t now = left == 4 ? 2 : left < kMost ? left : kMost;
      if (now == 1) pass.template operator()<kLanes, 1>(column);
      if (now == 2) pass.template operator()<kLanes, 2>(column);
      if constexpr (kMost >= 3) {
        if (now == 3) pass.template operator()<kLanes, 3>(column);
      }
      done += now;
    }
  }
};

template <typename T>
int64_t strideOf(int64_t out) {
  return ColumnPlan<T>(out).stride();
}

template <typename T>
int64_t scratchSizeOf(const KernelShape& shape) {
  return ActivationRow<T>::size() + kBlock * (shape.stride + ColumnPlan<T>::kWide);
}

/// Most cells of a grid whose samples are gathered by cell in the forward pass: with more, too few
/// share one. The backward pass, which adds to the rows, gains by it with any grid.
constexpr int64_t kFewCells = 32;

/// Most vectors of outputs that a pass takes together.
constexpr int64_t kMost = 3;

/// The same of a pass that holds a sum for each row of a cell.
template <int64_t kOrder>
constexpr int64_t kMostSums = kManyRegisters || kOrder <= 2 ? kMost : 2;

/// Calls work.operator()<order>() with the orders of the paper's Table 9 known to the compiler, 0
/// for any other.
template <typename Work>
void withOrder(int64_t order, const Work& work) {
  switch (order) {
    case 1:
      return work.template operator()<1>();
    case 2:
      return work.template operator()<2>();
    case 3:
      return work.template operator()<3>();
    case 4:
      return work.template operator()<4>();
    case 5:
      return work.template operator()<5>();
    case 6:
      return work.template operator()<6>();
    case 7:
      return work.template operator()<7>();
    default:
      work.template operator()<0>();
  }
}

template <typename T>
void forwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                  const T* x, const T* table, T* y, T* scratch) {
  ActivationRow<T> row(scratch);
  T* const sums = scratch + ActivationRow<T>::size();  // [samples, stride]
  std::memset(sums, 0, block.samples * shape.stride * sizeof(T));
  const ColumnPlan<T> plan(shape.out);
  const auto forwardWith = [&]<int64_t kOrder, bool kByCell>() {
    for (int64_t i = 0; i < shape.in; ++i) {
      activate<T, kOrder, false>(grid, block.samples, x + i * block.pitch, row);
      const T* weights = table + i * grid.rows() * shape.stride;
      plan.template run<kMost>([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        const InputForward<T> pass{.weights = weights + column, .y = sums + column};
        if constexpr (kByCell) {
          forwardByCell<T, kLanes, kVectors, kOrder>(grid, shape.stride, block.samples, row, pass);
        } else {
          forwardBySample<T, kLanes, kVectors, kOrder>(grid, shape.stride, block.samples, row,
                                                       pass);
        }
      });
    }
  };
  withOrder(grid.order, [&]<int64_t kOrder>() {
    // With few registers so few vectors are at work at once that finding a cell's samples takes
    // longer than reading the rows again.
    if constexpr (kOrder > 0 && kManyRegisters) {
      if (grid.cells <= kFewCells) return forwardWith.template operator()<kOrder, true>();
    }
    forwardWith.template operator()<kOrder, false>();
  });
  transpose(block.samples, shape.out, sums, shape.stride, y, block.pitch);
}

template <typename T>
void backwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, const KernelBlock& block,
                   const T* x, const T* table, const T* outputGradient, T* inputGradient,
                   T* tableGradient, T* scratch) {
  ActivationRow<T> row(scratch);
  T* const gradient = scratch + ActivationRow<T>::size();  // [samples, stride]
  T* const slopes = gradient + kBlock * shape.stride;      // [pitch, lanes]
  if (shape.stride != shape.out) {
    std::memset(gradient, 0, block.samples * shape.stride * sizeof(T));
  }
  transpose(shape.out, block.samples, outputGradient, block.pitch, gradient, shape.stride);
  const ColumnPlan<T> plan(shape.out);
  const auto backwardWith = [&]<int64_t kOrder, bool kInput>() {
    constexpr bool kByCell = kOrder > 0;
    // The rows and their sums are too much for sixteen registers.
    constexpr bool kTogether = kByCell && kManyRegisters;
    for (int64_t i = 0; i < shape.in; ++i) {
      activate<T, kOrder, kInput>(grid, block.samples, x + i * block.pitch, row);
      const int64_t offset = i * grid.rows() * shape.stride;
      const auto passAt = [&](int64_t column) {
        return InputBackward<T>{.weights = table + offset + column,
                                .outputGradient = gradient + column,
                                .weightSums = tableGradient + offset + column,
                                .slopes = slopes};
      };
      const auto addSlopes = [&]<int64_t kLanes>(int64_t column) {
        sumSlopes<T, kLanes>(block, slopes, grid.inverseStep, column > 0,
                             inputGradient + i * block.pitch);
      };
      plan.template run<kMostSums<kOrder>>([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        if constexpr (kByCell) {
          backwardByCell<T, kLanes, kVectors, kOrder, kInput && kTogether>(
              grid, shape.stride, block.samples, row, passAt(column));
        } else {
          weightSumsBySample<T, kLanes, kVectors>(grid, shape.stride, block.samples, row,
                                                  passAt(column));
        }
        if constexpr (kInput && kTogether) addSlopes.template operator()<kLanes>(column);
      });
      if constexpr (kInput && !kTogether) {
        plan.template run<kMost>([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
          slopesBySample<T, kLanes, kVectors, kOrder>(grid, shape.stride, block.samples, row,
                                                      passAt(column));
          addSlopes.template operator()<kLanes>(column);
        });
      }
    }
  };
  withOrder(grid.order, [&]<int64_t kOrder>() {
    if (inputGradient != nullptr) {
      backwardWith.template operator()<kOrder, true>();
    } else {
      backwardWith.template operator()<kOrder, false>();
    }
  });
}

template <typename T>
constexpr KanKernel<T> kKernel{FEWSOUND_VARIANT_NAME, strideOf<T>,      forwardLayer<T>,
                               backwardLayer<T>,      scratchSizeOf<T>, transpose<T>};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
