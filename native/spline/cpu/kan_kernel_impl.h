// The KAN layer for one instruction set. Included by kan_kernel_{plain,avx2,avx512}.cc, each of
// which defines FEWSOUND_VARIANT (a namespace) and FEWSOUND_VECTOR_BYTES, and is compiled with the
// flags of its instruction set. No header with inline code of others may come in here: the linker
// would be free to take their AVX-512 instantiation for the whole program.
//
// Per sample and input only order + 1 bases are not zero. Their table rows lie one after another,
// outputs contiguous, so an edge costs order + 2 fused multiply-adds a vector of outputs, whatever
// the grid.

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "native/spline/cpu/kan_kernel.h"
#include "native/spline/cpu/vector_math.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// Outputs that one pass keeps in registers, in vectors; more are done in several passes.
constexpr int kMaxVectors = FEWSOUND_VECTOR_BYTES == 64 ? 4 : 6;
constexpr int64_t kMaxOrder = 16;

/// Elements of a block, rounded up to whole vectors of the widest kind.
inline int64_t paddedCount(int64_t n) { return (n + 15) / 16 * 16; }

/// What a block needs of its inputs, by element (sample by sample, features side by side).
template <typename T>
struct Activations {
  int64_t n;      // padded number of elements
  T* x;           // [n], the inputs with zeros behind
  int32_t* cell;  // [n], first of the order + 1 rows that matter
  T* bases;       // [order + 1, n]
  T* silu;        // [n]
  T* slopes;      // [order + 1, n]
  T* siluSlope;   // [n]

  Activations(T* scratch, int64_t elements, int64_t order)
      : n(paddedCount(elements)),
        x(scratch),
        cell(reinterpret_cast<int32_t*>(x + n)),
        bases(x + 2 * n),
        silu(bases + (order + 1) * n),
        slopes(silu + n),
        siluSlope(slopes + (order + 1) * n) {}

  static int64_t size(int64_t elements, int64_t order) {
    return paddedCount(elements) * (2 * (order + 1) + 4);
  }
};

/// One step of the Cox-de Boor recursion on uniform knots: the d nonzero bases of degree d - 1 at
/// the position u within a cell become the d + 1 of degree d.
template <typename V>
inline void raiseDegree(V* bases, V u, int64_t d) {
  using T = Element<V>;
  V saved = splat<V>(0);
  const T inverse = T(1) / T(d);
  for (int64_t r = 0; r < d; ++r) {
    const V part = bases[r] * inverse;
    bases[r] = saved + (T(r + 1) - u) * part;
    saved = (u + T(d - r - 1)) * part;
  }
  bases[d] = saved;
}

template <typename T, typename V, int64_t kOrder, bool kSlopes>
inline void activateVector(const KernelGrid<T>& grid, V x, int64_t order, Integers<V>& cell,
                           V* bases, V& silu, V* slopes, V& siluSlope) {
  if constexpr (kOrder > 0) order = kOrder;
  const V position = x * grid.inverseStep + grid.offset;
  // A NaN is not inside: its bases are 0, and SiLU carries it on.
  const auto inside = (position >= T(0)) & (position < T(grid.cells));
  const V clamped = select(inside, position, splat<V>(0));
  cell = toIntegers(clamped);
  // One fused multiply-add from x: the position's own rounding stays out of the fraction.
  const V fraction = x * grid.inverseStep + (grid.offset - toReals<V>(cell));
  const V u = select<V>(inside, fraction, splat<V>(0));

  bases[0] = select(inside, splat<V>(1), splat<V>(0));
  for (int64_t d = 1; d < order; ++d) raiseDegree(bases, u, d);
  if constexpr (kSlopes) {
    slopes[0] = -bases[0] * grid.inverseStep;
    for (int64_t j = 1; j < order; ++j) slopes[j] = (bases[j - 1] - bases[j]) * grid.inverseStep;
    slopes[order] = bases[order - 1] * grid.inverseStep;
  }
  raiseDegree(bases, u, order);

  const V sigmoid = T(1) / (T(1) + exponential(-x));
  silu = x * sigmoid;
  if constexpr (kSlopes) siluSlope = sigmoid * (T(1) + x * (T(1) - sigmoid));
}

template <typename T, int64_t kOrder, bool kSlopes>
void activate(const KernelGrid<T>& grid, int64_t elements, const T* x, const Activations<T>& out) {
  using V = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;
  const int64_t n = out.n;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  std::memcpy(out.x, x, elements * sizeof(T));
  std::memset(out.x + elements, 0, (n - elements) * sizeof(T));

  constexpr int64_t capacity = kOrder > 0 ? kOrder + 1 : kMaxOrder + 1;
  V bases[capacity], slopes[capacity], silu, siluSlope;
  Integers<V> cell;
  for (int64_t e = 0; e < n; e += lanesOf<V>) {
    activateVector<T, V, kOrder, kSlopes>(grid, load<V>(out.x + e), order, cell, bases, silu,
                                          slopes, siluSlope);
    storeIntegers<V>(out.cell + e, cell);
    for (int64_t j = 0; j <= order; ++j) store<V>(out.bases + j * n + e, bases[j]);
    store<V>(out.silu + e, silu);
    if constexpr (kSlopes) {
      for (int64_t j = 0; j <= order; ++j) store<V>(out.slopes + j * n + e, slopes[j]);
      store<V>(out.siluSlope + e, siluSlope);
    }
  }
}

/// Inputs that all samples of a block go through before the next ones: the rows of the tables that
/// neighbouring samples share stay in the first cache level meanwhile.
constexpr int64_t kInputsTogether = 8;

/// y[s, column…] for kVectors vectors of outputs from `column` on. The rows of an edge go to sums
/// of their own, so that the chain of additions, not their number, does not set the pace where
/// outputs are few.
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder>
void forwardColumns(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples,
                    const Activations<T>& act, const T* table, int64_t column, T* y) {
  using V = Vector<T, kLanes>;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  const int64_t stride = shape.stride;
  const int64_t inputStride = grid.rows() * stride;
  const int64_t baseOffset = grid.baseRow() * stride;

  constexpr int64_t kChains = kOrder > 0 && kVectors <= 3 ? kOrder + 2 : 1;

  for (int64_t first = 0; first < shape.in; first += kInputsTogether) {
    const int64_t count = shape.in - first < kInputsTogether ? shape.in - first : kInputsTogether;
    for (int64_t s = 0; s < samples; ++s) {
      T* to = y + s * stride + column;
      V sums[kChains][kVectors] = {};
      const T* weights = table + first * inputStride + column;
      const int64_t begin = s * shape.in + first;
      for (int64_t e = begin; e < begin + count; ++e, weights += inputStride) {
        const T* row = weights + act.cell[e] * stride;
        for (int64_t j = 0; j <= order; ++j, row += stride) {
          const T basis = act.bases[j * act.n + e];
          V* sum = sums[kChains == 1 ? 0 : j];
          for (int64_t v = 0; v < kVectors; ++v) sum[v] += basis * load<V>(row + v * kLanes);
        }
        for (int64_t v = 0; v < kVectors; ++v) {
          sums[kChains - 1][v] += act.silu[e] * load<V>(weights + baseOffset + v * kLanes);
        }
      }
      for (int64_t v = 0; v < kVectors; ++v) {
        V sum = sums[0][v];
        for (int64_t chain = 1; chain < kChains; ++chain) sum += sums[chain][v];
        if (first > 0) sum += load<V>(to + v * kLanes);
        store<V>(to + v * kLanes, sum);
      }
    }
  }
}

/// The gradients of the order + 1 rows that neighbouring samples share, kept in registers for as
/// long as the samples stay in one cell: a waveform is smooth, so most of its neighbours do.
template <typename V, int64_t kVectors, int64_t kRows>
struct CellSums {
  V sums[kRows][kVectors] = {};

  void add(int64_t row, const Element<V>* basis, int64_t distance, const V* gradient) {
    for (int64_t v = 0; v < kVectors; ++v) sums[row][v] += basis[row * distance] * gradient[v];
  }

  void flush(Element<V>* to, int64_t stride) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t v = 0; v < kVectors; ++v) {
        Element<V>* sum = to + row * stride + v * lanesOf<V>;
        store<V>(sum, load<V>(sum) + sums[row][v]);
        sums[row][v] = V{};
      }
    }
  }
};

/// Adds to the table's gradient and, with kInput, to the inputs' (which `column` 0 sets).
template <typename T, int64_t kLanes, int64_t kVectors, int64_t kOrder, bool kInput>
void backwardColumns(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples,
                     const Activations<T>& act, const T* table, int64_t column,
                     const T* outputGradient, T* inputGradient, T* tableGradient) {
  using V = Vector<T, kLanes>;
  constexpr bool kKeepCell = kOrder > 0 && (kOrder + 1) * kVectors <= 16;
  const int64_t order = kOrder > 0 ? kOrder : grid.order;
  const int64_t stride = shape.stride;
  const int64_t inputStride = grid.rows() * stride;
  const int64_t baseOffset = grid.baseRow() * stride;

  for (int64_t i = 0; i < shape.in; ++i) {
    const T* weights = table + i * inputStride + column;
    T* sums = tableGradient + i * inputStride + column;
    V baseWeights[kVectors], baseSums[kVectors];
    for (int64_t v = 0; v < kVectors; ++v) {
      baseWeights[v] = load<V>(weights + baseOffset + v * kLanes);
      baseSums[v] = load<V>(sums + baseOffset + v * kLanes);
    }
    CellSums<V, kVectors, kKeepCell ? kOrder + 1 : 1> kept;
    int64_t cell = act.cell[i];

    // As many samples together as a vector has lanes: their dot products are summed up together.
    for (int64_t first = 0; first < samples; first += kLanes) {
      const int64_t count = samples - first < kLanes ? samples - first : kLanes;
      V dots[kLanes];
      for (int64_t k = 0; k < count; ++k) {
        const int64_t s = first + k;
        const int64_t e = s * shape.in + i;
        V gradient[kVectors];
        for (int64_t v = 0; v < kVectors; ++v) {
          gradient[v] = load<V>(outputGradient + s * stride + column + v * kLanes);
        }
        if constexpr (kKeepCell) {
          if (act.cell[e] != cell) {
            kept.flush(sums + cell * stride, stride);
            cell = act.cell[e];
          }
        } else {
          cell = act.cell[e];
        }
        V slopes[kVectors];
        for (int64_t v = 0; v < kVectors; ++v) {
          if constexpr (kInput) slopes[v] = act.siluSlope[e] * baseWeights[v];
          baseSums[v] += act.silu[e] * gradient[v];
        }
        for (int64_t j = 0; j <= order; ++j) {
          if constexpr (kKeepCell) {
            kept.add(j, act.bases + e, act.n, gradient);
          } else {
            T* sum = sums + (cell + j) * stride;
            for (int64_t v = 0; v < kVectors; ++v) {
              store<V>(sum + v * kLanes,
                       load<V>(sum + v * kLanes) + act.bases[j * act.n + e] * gradient[v]);
            }
          }
          if constexpr (kInput) {
            const T* row = weights + (cell + j) * stride;
            for (int64_t v = 0; v < kVectors; ++v) {
              slopes[v] += act.slopes[j * act.n + e] * load<V>(row + v * kLanes);
            }
          }
        }
        if constexpr (kInput) {
          dots[k] = slopes[0] * gradient[0];
          for (int64_t v = 1; v < kVectors; ++v) dots[k] += slopes[v] * gradient[v];
        }
      }
      if constexpr (kInput) {
        for (int64_t k = count; k < kLanes; ++k) dots[k] = V{};
        const V total = sumsOfEach(dots);
        T* to = inputGradient + first * shape.in + i;
        for (int64_t k = 0; k < count; ++k) {
          T& sum = to[k * shape.in];
          sum = (column == 0 ? T(0) : sum) + total[k];
        }
      }
    }
    if constexpr (kKeepCell) kept.flush(sums + cell * stride, stride);
    for (int64_t v = 0; v < kVectors; ++v) store<V>(sums + baseOffset + v * kLanes, baseSums[v]);
  }
}

/// How the outputs of a layer are cut into vectors: wide ones, or narrower ones where the padding
/// of wide ones would cost more than a quarter of the work.
template <typename T>
struct ColumnPlan {
  int64_t lanes;
  int64_t vectors;

  static constexpr int64_t kWide = FEWSOUND_VECTOR_BYTES / sizeof(T);
  static constexpr int64_t kHalf = kWide >= 4 ? kWide / 2 : kWide;
  static constexpr int64_t kQuarter = kWide >= 8 ? kWide / 4 : kHalf;

  explicit ColumnPlan(int64_t out) {
    if (out <= kQuarter) {
      lanes = kQuarter;
    } else if (out <= kHalf || (out > kWide && out <= 3 * kHalf)) {
      lanes = kHalf;
    } else {
      lanes = kWide;
    }
    vectors = (out + lanes - 1) / lanes;
  }

  int64_t stride() const { return lanes * vectors; }

  /// Calls pass.operator()<lanes, vectors>(column) until all columns are done.
  template <typename Pass>
  void run(const Pass& pass) const {
    if (lanes == kWide) {
      for (int64_t done = 0; done < vectors;) {
        done += runWide(pass, done * kWide, vectors - done);
      }
    } else if (lanes == kHalf) {
      vectors == 1 ? pass.template operator()<kHalf, 1>(0) : pass.template operator()<kHalf, 3>(0);
    } else {
      pass.template operator()<kQuarter, 1>(0);
    }
  }

 private:
  template <typename Pass>
  static int64_t runWide(const Pass& pass, int64_t column, int64_t left) {
    if constexpr (kMaxVectors >= 6) {
      if (left >= 6) return pass.template operator()<kWide, 6>(column), 6;
    }
    if (left >= 4) return pass.template operator()<kWide, 4>(column), 4;
    if (left == 3) return pass.template operator()<kWide, 3>(column), 3;
    if (left == 2) return pass.template operator()<kWide, 2>(column), 2;
    return pass.template operator()<kWide, 1>(column), 1;
  }
};

template <typename T>
int64_t strideOf(int64_t out) {
  return ColumnPlan<T>(out).stride();
}

template <typename T>
int64_t scratchSizeOf(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples) {
  return Activations<T>::size(samples * shape.in, grid.order) + samples * shape.stride;
}

/// Calls work.operator()<order>() with the orders of the paper known to the compiler, 0 for any
/// other.
template <typename Work>
void withOrder(int64_t order, const Work& work) {
  if (order == 2) return work.template operator()<2>();
  if (order == 3) return work.template operator()<3>();
  work.template operator()<0>();
}

template <typename T>
void forwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples, const T* x,
                  const T* table, T* y, T* scratch) {
  const int64_t elements = samples * shape.in;
  const Activations<T> act(scratch, elements, grid.order);
  T* padded = shape.out == shape.stride ? y : scratch + Activations<T>::size(elements, grid.order);
  withOrder(grid.order, [&]<int64_t kOrder>() {
    activate<T, kOrder, false>(grid, elements, x, act);
    ColumnPlan<T>(shape.out).run([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
      forwardColumns<T, kLanes, kVectors, kOrder>(grid, shape, samples, act, table, column, padded);
    });
  });
  if (padded == y) return;
  for (int64_t s = 0; s < samples; ++s) {
    std::memcpy(y + s * shape.out, padded + s * shape.stride, shape.out * sizeof(T));
  }
}

template <typename T>
void backwardLayer(const KernelGrid<T>& grid, const KernelShape& shape, int64_t samples, const T* x,
                   const T* table, const T* outputGradient, T* inputGradient, T* tableGradient,
                   T* scratch) {
  const int64_t elements = samples * shape.in;
  const Activations<T> act(scratch, elements, grid.order);
  const T* gradient = outputGradient;
  if (shape.out != shape.stride) {
    T* padded = scratch + Activations<T>::size(elements, grid.order);
    std::memset(padded, 0, samples * shape.stride * sizeof(T));
    for (int64_t s = 0; s < samples; ++s) {
      std::memcpy(padded + s * shape.stride, outputGradient + s * shape.out, shape.out * sizeof(T));
    }
    gradient = padded;
  }
  const ColumnPlan<T> plan(shape.out);
  withOrder(grid.order, [&]<int64_t kOrder>() {
    if (inputGradient) {
      activate<T, kOrder, true>(grid, elements, x, act);
      plan.run([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        backwardColumns<T, kLanes, kVectors, kOrder, true>(grid, shape, samples, act, table, column,
                                                           gradient, inputGradient, tableGradient);
      });
    } else {
      activate<T, kOrder, false>(grid, elements, x, act);
      plan.run([&]<int64_t kLanes, int64_t kVectors>(int64_t column) {
        backwardColumns<T, kLanes, kVectors, kOrder, false>(
            grid, shape, samples, act, table, column, gradient, nullptr, tableGradient);
      });
    }
  });
}

template <typename T>
constexpr KanKernel<T> kKernel{FEWSOUND_VARIANT_NAME, strideOf<T>, forwardLayer<T>,
                               backwardLayer<T>, scratchSizeOf<T>};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
