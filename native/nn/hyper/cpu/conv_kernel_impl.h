// The innermost loops of stacks of convolutions for one instruction set. Included by
// conv_kernel_{plain,avx2,avx512}.cc, each of which defines FEWSOUND_VARIANT (a namespace) and
// FEWSOUND_VECTOR_BYTES, and is compiled with the flags of its instruction set. No header with
// inline code of others may come in here: the linker would be free to take their AVX-512
// instantiation for the whole program.
//
// Vectors lie along time. A convolution is then a product of matrices whose right one is never
// made: its rows are one row of x from many places on. Blocks of sums stay in registers through all
// taps, or through a stretch of time.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "native/cpu/vector.h"
#include "native/cpu/vector_math.h"
#include "native/nn/hyper/cpu/conv_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

template <typename T>
using Widest = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;

/// Calls work(part, from, to) for `count` things in as few parts of nearly the same size as there
/// can be of at most `most`.
template <typename Work>
inline void inEvenParts(int64_t count, int64_t most, const Work& work) {
  const int64_t parts = (count + most - 1) / most;
  for (int64_t i = 0; i < parts; ++i) work(i * count / parts, (i + 1) * count / parts);
}

template <typename V, size_t... kLane>
inline auto halvesAdded(V v, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(v, v, kLane...) +
         __builtin_shufflevector(v, v, (kLane + sizeof...(kLane))...);
}

template <typename V>
inline Element<V> sumOfLanes(V v) {
  if constexpr (lanesOf<V> == 2) {
    return v[0] + v[1];
  } else {
    return sumOfLanes(halvesAdded(v, std::make_index_sequence<lanesOf<V> / 2>()));
  }
}

// Correlations: a block of kMostRows rows by kMostVectors vectors.

constexpr int64_t kMostRows = kManyRegisters ? 8 : 6;
constexpr int64_t kMostVectors = kManyRegisters ? 3 : 2;

template <typename T, int64_t kRows, int64_t kVectors>
void correlateBlock(const Correlation<T>& c, int64_t row, int64_t at) {
  using V = Widest<T>;
  T* const y = c.y + row * c.pitch + at;
  V sum[kRows][kVectors];
  for (int64_t r = 0; r < kRows; ++r) {
    const V bias = splat<V>(c.bias == nullptr ? T(0) : c.bias[row + r]);
    for (int64_t v = 0; v < kVectors; ++v) {
      sum[r][v] = c.add ? load<V>(y + r * c.pitch + v * lanesOf<V>) : bias;
    }
  }
  const T* weights = c.weights + row;
  for (int64_t tap = 0; tap < c.taps; ++tap, weights += c.rows) {
    const T* const x = c.x + c.offsets[tap] + at;
    V seen[kVectors];
#pragma GCC unroll 8
    for (int64_t v = 0; v < kVectors; ++v) seen[v] = load<V>(x + v * lanesOf<V>);
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) {
      const V weight = splat<V>(weights[r]);
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) sum[r][v] += weight * seen[v];
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) {
      store<V>(y + r * c.pitch + v * lanesOf<V>, sum[r][v]);
    }
  }
}

/// Pointers to a block function for each of its heights.
template <typename Block, size_t kCount>
struct Heights {
  Block of[kCount];
};

template <typename T, int64_t kVectors>
void correlateColumns(const Correlation<T>& c, int64_t at) {
  using Block = void (*)(const Correlation<T>&, int64_t, int64_t);
  constexpr auto blocks = []<size_t... kRow>(std::index_sequence<kRow...>) {
    return Heights<Block, sizeof...(kRow)>{{&correlateBlock<T, kRow + 1, kVectors>...}};
  }(std::make_index_sequence<kMostRows>());
  inEvenParts(c.rows, kMostRows,
              [&](int64_t row, int64_t end) { blocks.of[end - row - 1](c, row, at); });
}

template <typename T>
void correlate(const Correlation<T>& c, int64_t first, int64_t end) {
  inEvenParts(end - first, kMostVectors, [&](int64_t from, int64_t to) {
    const int64_t at = (first + from) * lanesOf<Widest<T>>;
    if (to - from == 1) correlateColumns<T, 1>(c, at);
    if (to - from == 2) correlateColumns<T, 2>(c, at);
    if constexpr (kMostVectors >= 3) {
      if (to - from == 3) correlateColumns<T, 3>(c, at);
    }
  });
}

// Gradients of weights: a block of kBlockRows rows by kBlockTaps taps.

constexpr int64_t kBlockRows = kManyRegisters ? 4 : 3;
constexpr int64_t kBlockTaps = kManyRegisters ? 6 : 4;
/// Vectors of time after which sums over lanes are taken: rows of a block stay in the first cache.
constexpr int64_t kStretch = 4096 / FEWSOUND_VECTOR_BYTES;

template <typename T>
struct TapBlock {
  int64_t taps;  // of all, from row to row of the sums
  const int64_t* offsets;
  const T* gradient;
  int64_t pitch;
  const T* x;
  int64_t vectors;
  T* sums;
};

template <typename T, int64_t kRows, int64_t kTaps>
void tapBlock(const TapBlock<T>& b) {
  using V = Widest<T>;
  V sum[kRows][kTaps] = {};
  const T* x[kTaps];
  for (int64_t tap = 0; tap < kTaps; ++tap) x[tap] = b.x + b.offsets[tap];
  for (int64_t at = 0; at < b.vectors * lanesOf<V>; at += lanesOf<V>) {
    V gradient[kRows];
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) gradient[r] = load<V>(b.gradient + r * b.pitch + at);
#pragma GCC unroll 8
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      const V seen = load<V>(x[tap] + at);
#pragma GCC unroll 8
      for (int64_t r = 0; r < kRows; ++r) sum[r][tap] += gradient[r] * seen;
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      b.sums[r * b.taps + tap] += sumOfLanes(sum[r][tap]);
    }
  }
}

template <typename T>
void addTapSums(int64_t rows, int64_t taps, const int64_t* offsets, const T* gradient,
                int64_t pitch, const T* x, int64_t vectors, T* sums) {
  using Block = void (*)(const TapBlock<T>&);
  constexpr auto blocks = []<size_t... k>(std::index_sequence<k...>) {
    return Heights<Block, sizeof...(k)>{{&tapBlock<T, k / kBlockTaps + 1, k % kBlockTaps + 1>...}};
  }(std::make_index_sequence<kBlockRows * kBlockTaps>());
  for (int64_t from = 0; from < vectors; from += kStretch) {
    const int64_t at = from * lanesOf<Widest<T>>;
    const int64_t now = vectors - from < kStretch ? vectors - from : kStretch;
    inEvenParts(rows, kBlockRows, [&](int64_t row, int64_t rowEnd) {
      inEvenParts(taps, kBlockTaps, [&](int64_t tap, int64_t tapEnd) {
        blocks.of[(rowEnd - row - 1) * kBlockTaps + tapEnd - tap - 1](
            {.taps = taps,
             .offsets = offsets + tap,
             .gradient = gradient + row * pitch + at,
             .pitch = pitch,
             .x = x + at,
             .vectors = now,
             .sums = sums + row * taps + tap});
      });
    });
  }
}

// What is done number by number.

using Whole = std::true_type;
using Part = std::false_type;

/// So many numbers, and zeros behind them.
template <typename V, typename IsWhole>
inline V loadSome(IsWhole, const Element<V>* from, int64_t count) {
  if constexpr (IsWhole::value) return load<V>(from);
  V v{};
  std::memcpy(&v, from, static_cast<size_t>(count) * sizeof(Element<V>));
  return v;
}

template <typename V, typename IsWhole>
inline void storeSome(IsWhole, Element<V>* to, V v, int64_t count) {
  if constexpr (IsWhole::value) return store<V>(to, v);
  std::memcpy(to, &v, static_cast<size_t>(count) * sizeof(Element<V>));
}

/// Calls work(whole, at, count) for each vector, and for what is left of one.
template <typename V, typename Work>
inline void forVectors(int64_t count, const Work& work) {
  int64_t at = 0;
  for (; at + lanesOf<V> <= count; at += lanesOf<V>) work(Whole(), at, lanesOf<V>);
  if (at < count) work(Part(), at, count - at);
}

/// Numbers whose sum of squares is taken around a mean of their own.
constexpr int64_t kMomentNumbers = 1024;

template <typename T>
void moments(int64_t count, const T* numbers, double* mean, double* squares) {
  using V = Widest<T>;
  *mean = 0.0;
  *squares = 0.0;
  for (int64_t from = 0; from < count; from += kMomentNumbers) {
    const int64_t now = count - from < kMomentNumbers ? count - from : kMomentNumbers;
    const T* const part = numbers + from;
    V sum{};
    forVectors<V>(
        now, [&](auto whole, int64_t at, int64_t n) { sum += loadSome<V>(whole, part + at, n); });
    const T own = sumOfLanes(sum) / T(now);
    V spread{};
    T rest = T(0);
    forVectors<V>(now, [&](auto whole, int64_t at, int64_t n) {
      if constexpr (decltype(whole)::value) {
        const V off = load<V>(part + at) - own;
        spread += off * off;
      } else {
        for (int64_t i = at; i < at + n; ++i) rest += (part[i] - own) * (part[i] - own);
      }
    });
    // Chan, Golub and LeVeque (1983).
    const double apart = double(own) - *mean;
    const auto all = static_cast<double>(from + now);
    *squares += double(sumOfLanes(spread) + rest) +
                apart * apart * static_cast<double>(from) * static_cast<double>(now) / all;
    *mean += apart * static_cast<double>(now) / all;
  }
}

/// (y - mean) · scale, and what it becomes before the activation.
template <typename V, typename IsWhole>
inline V normalized(IsWhole whole, const StageRow<Element<V>>& row, int64_t at, int64_t n) {
  return (loadSome<V>(whole, row.y + at, n) - row.mean) * row.scale;
}

template <typename V, typename IsWhole>
inline V scaled(IsWhole whole, const StageRow<Element<V>>& row, V normal, int64_t at, int64_t n) {
  return normal * loadSome<V>(whole, row.gain + at, n) + loadSome<V>(whole, row.shift + at, n);
}

template <typename T>
void activate(const StageRow<T>& row, const T* added, T* to) {
  using V = Widest<T>;
  forVectors<V>(row.count, [&](auto whole, int64_t at, int64_t n) {
    V a = row.gain == nullptr ? loadSome<V>(whole, row.y + at, n)
                              : scaled<V>(whole, row, normalized<V>(whole, row, at, n), at, n);
    if (row.activated) a = select<V>(a > T(0), a, exponential<V>(a, T(-80), T(0)) - T(1));
    if (added != nullptr) a += loadSome<V>(whole, added + at, n);
    storeSome<V>(whole, to + at, a, n);
  });
}

template <typename T>
void pullBack(const StageRow<T>& row, const T* gradient, T* to, T* gainSums, T* shiftSums,
              double* sums) {
  using V = Widest<T>;
  sums[0] = sums[1] = 0.0;
  const auto slope = [&](V a) {
    return row.activated ? exponential<V>(a, T(-80), T(0)) : splat<V>(T(1));
  };
  if (row.gain == nullptr) {
    forVectors<V>(row.count, [&](auto whole, int64_t at, int64_t n) {
      const V g = loadSome<V>(whole, gradient + at, n);
      storeSome<V>(whole, to + at, g * slope(loadSome<V>(whole, row.y + at, n)), n);
    });
    return;
  }
  for (int64_t from = 0; from < row.count; from += kMomentNumbers) {
    V sum{};
    V product{};
    const int64_t now = row.count - from < kMomentNumbers ? row.count - from : kMomentNumbers;
    forVectors<V>(now, [&](auto whole, int64_t offset, int64_t n) {
      const int64_t at = from + offset;
      const V normal = normalized<V>(whole, row, at, n);
      const V g =
          loadSome<V>(whole, gradient + at, n) * slope(scaled<V>(whole, row, normal, at, n));
      storeSome<V>(whole, shiftSums + at, loadSome<V>(whole, shiftSums + at, n) + g, n);
      storeSome<V>(whole, gainSums + at, loadSome<V>(whole, gainSums + at, n) + g * normal, n);
      const V own = g * loadSome<V>(whole, row.gain + at, n);
      storeSome<V>(whole, to + at, own, n);
      sum += own;
      product += own * normal;
    });
    sums[0] += double(sumOfLanes(sum));
    sums[1] += double(sumOfLanes(product));
  }
}

template <typename T>
double pullBackNorm(const StageRow<T>& row, T mean, T product, T* gradient) {
  using V = Widest<T>;
  double total = 0.0;
  for (int64_t from = 0; from < row.count; from += kMomentNumbers) {
    V sum{};
    const int64_t now = row.count - from < kMomentNumbers ? row.count - from : kMomentNumbers;
    forVectors<V>(now, [&](auto whole, int64_t offset, int64_t n) {
      const int64_t at = from + offset;
      V g = loadSome<V>(whole, gradient + at, n);
      if (row.gain != nullptr) {
        g = (g - mean - normalized<V>(whole, row, at, n) * product) * row.scale;
      }
      storeSome<V>(whole, gradient + at, g, n);
      // Behind the end there are no numbers, but a mean.
      if constexpr (decltype(whole)::value) {
        sum += g;
      } else {
        for (int64_t lane = 0; lane < n; ++lane) total += double(g[lane]);
      }
    });
    total += double(sumOfLanes(sum));
  }
  return total;
}

template <typename T>
constexpr ConvKernel<T> kConvKernel{.name = FEWSOUND_VARIANT_NAME,
                                    .lanes = lanesOf<Widest<T>>,
                                    .correlate = correlate<T>,
                                    .addTapSums = addTapSums<T>,
                                    .moments = moments<T>,
                                    .activate = activate<T>,
                                    .pullBack = pullBack<T>,
                                    .pullBackNorm = pullBackNorm<T>};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
