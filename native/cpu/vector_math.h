// What the kernels compute with vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "native/cpu/vector.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// Integers as wide as the elements of V: what comparisons give and conversions need.
template <typename V>
using Integers = Vector<std::conditional_t<sizeof(Element<V>) == 4, int32_t, int64_t>, lanesOf<V>>;

/// The same without signs.
template <typename V>
using Bits = Vector<std::make_unsigned_t<Element<Integers<V>>>, lanesOf<V>>;

template <typename V>
inline V select(Integers<V> mask, V yes, V no) {
  return mask ? yes : no;
}

template <typename V>
inline Integers<V> toIntegers(V v) {
  return __builtin_convertvector(v, Integers<V>);
}

template <typename V>
inline V toReals(Integers<V> v) {
  return __builtin_convertvector(v, V);
}

template <typename V>
inline void storeNarrow(uint16_t* to, Integers<V> v) {
  const auto narrow = __builtin_convertvector(v, Vector<uint16_t, lanesOf<V>>);
  std::memcpy(to, &narrow, sizeof(narrow));
}

/// e^x as 2^power · (1 + rest), with |rest| below 0.42.
template <typename V>
struct ExponentialParts {
  Bits<V> power;  // without sign; of a NaN anything
  V rest;
};

/// The parts of e^x, the rest to about one unit in the last place (the argument reduction and
/// minimax polynomials of Cephes). The rest of a NaN is NaN.
template <typename V>
inline ExponentialParts<V> exponentialParts(V x) {
  using T = Element<V>;
  constexpr bool single = sizeof(T) == 4;
  constexpr int64_t mantissa = single ? 23 : 52;
  // Adding this rounds to a whole number, whose bits are then the lowest ones of the sum.
  constexpr T rounder = T(1.5) * T(uint64_t{1} << static_cast<uint64_t>(mantissa));
  const V rounded = x * T(1.44269504088896340736) + rounder;
  const V whole = rounded - rounder;
  ExponentialParts<V> parts;
  std::memcpy(&parts.power, &rounded, sizeof(parts.power));
  if constexpr (single) {
    const V r = (x - whole * T(0.693359375)) - whole * T(-2.12194440e-4);
    V p = splat<V>(T(1.9875691500e-4));
    p = p * r + T(1.3981999507e-3);
    p = p * r + T(8.3334519073e-3);
    p = p * r + T(4.1665795894e-2);
    p = p * r + T(1.6666665459e-1);
    p = p * r + T(5.0000001201e-1);
    parts.rest = p * r * r + r;
  } else {
    const V r = (x - whole * T(6.93145751953125e-1)) - whole * T(1.42860682030941723212e-6);
    const V square = r * r;
    const V p =
        r *
        ((square * T(1.26177193074810590878e-4) + T(3.02994407707441961300e-2)) * square + T(1));
    const V q = ((square * T(3.00198505138664455042e-6) + T(2.52448340349684104192e-3)) * square +
                 T(2.27265548208155028766e-1)) *
                    square +
                T(2);
    parts.rest = T(2) * p / (q - p);
  }
  return parts;
}

template <typename V>
inline V cutOff(V x, Element<V> lowest, Element<V> highest) {
  x = select<V>(x > highest, splat<V>(highest), x);
  return select<V>(x < lowest, splat<V>(lowest), x);
}

/// x · 2^power, where that is a normal number: the power is added to the exponent.
template <typename V>
inline V scaleByPower(V x, Bits<V> power) {
  Bits<V> bits;
  std::memcpy(&bits, &x, sizeof(bits));
  // Without signs: a NaN's bits may overflow.
  bits += power << (sizeof(Element<V>) == 4 ? 23 : 52);
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

/// e^x to about one unit in the last place; arguments are cut off at the limits, outside of which
/// the result may leave the normal numbers. A NaN stays one.
template <typename V, typename T = Element<V>>
inline V exponential(V x, T lowest = sizeof(T) == 4 ? T(-87) : T(-708),
                     T highest = sizeof(T) == 4 ? T(87) : T(708)) {
  const auto [power, rest] = exponentialParts(cutOff(x, lowest, highest));
  // The low bits of a NaN, added to its exponent, can make a number of it.
  return select<V>(x == x, scaleByPower<V>(rest + T(1), power), x);
}

/// tanh x to about two units in the last place, also near zero: (e^2x - 1) / (e^2x + 1). A NaN
/// stays one.
template <typename V>
inline V hyperbolicTangent(V x) {
  using T = Element<V>;
  const auto [power, rest] = exponentialParts(cutOff<V>(x + x, T(-40), T(40)));
  const V scale = scaleByPower<V>(splat<V>(1), power);
  const V lessOne = rest * scale + (scale - T(1));
  return lessOne / (lessOne + T(2));
}

/// Numbers in 16 bytes, across which shuffles are slow.
template <typename T, int64_t kLanes>
constexpr int64_t kPart = kLanes < int64_t{16 / sizeof(T)} ? kLanes : int64_t{16 / sizeof(T)};

/// The lower halves of the spans of a and b, a unit of each in turn; or the upper ones.
template <bool kUpper, size_t kUnit, size_t kSpan, typename V, size_t... kLane>
inline V interleave(V a, V b, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(
      a, b,
      (kLane / kSpan * kSpan + kUpper * kSpan / 2 + kLane % kSpan / (2 * kUnit) * kUnit +
       kLane % kUnit + kLane / kUnit % 2 * lanesOf<V>)...);
}

/// Sums of the spans of v[0] to v[kSpan / kUnit - 1], unit by unit: unit u of a span of the
/// result, in v[0], is the sum of the units of that span of v[u].
template <size_t kUnit, size_t kSpan, typename V>
inline void sumUnits(V* v) {
  constexpr auto lanes = std::make_index_sequence<lanesOf<V>>();
  for (size_t half = kSpan / kUnit / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) {
      v[i] = interleave<false, kUnit, kSpan>(v[i], v[i + half], lanes) +
             interleave<true, kUnit, kSpan>(v[i], v[i + half], lanes);
    }
  }
}

/// Lane i of the result is the sum of all lanes of v[i]; v is used up.
template <typename V>
inline V sumsOfEach(V* v) {
  constexpr size_t lanes = lanesOf<V>;
  constexpr size_t part = kPart<Element<V>, lanes>;
  for (size_t first = 0; first < lanes; first += part) {
    sumUnits<1, part>(v + first);
    v[first / part] = v[first];
  }
  sumUnits<part, lanes>(v);
  return v[0];
}

/// A vector of kLanes of parts that lie `stride` apart.
template <typename T, int64_t kLanes>
inline Vector<T, kLanes> loadParts(const T* from, int64_t stride) {
  if constexpr (kLanes == kPart<T, kLanes>) {
    return load<Vector<T, kLanes>>(from);
  } else {
    constexpr int64_t half = kLanes / 2;
    const auto low = loadParts<T, half>(from, stride);
    const auto high = loadParts<T, half>(from + half / kPart<T, kLanes> * stride, stride);
    return [&]<size_t... kLane>(std::index_sequence<kLane...>) {
      return __builtin_shufflevector(low, high, kLane...);
    }(std::make_index_sequence<kLanes>());
  }
}

/// Transposes a square of kLanes. Vectors are loaded so that only the small squares of their parts
/// are left to transpose, by as many perfect shuffles as the size of a part has bits.
template <typename T, int64_t kLanes>
inline void transposeSquare(const T* from, int64_t fromStride, T* to, int64_t toStride) {
  using V = Vector<T, kLanes>;
  constexpr int64_t part = kPart<T, kLanes>;
  constexpr auto lanes = std::make_index_sequence<kLanes>();
  for (int64_t column = 0; column < kLanes; column += part) {
    V rows[part];  // row r of each part's small square
    for (int64_t r = 0; r < part; ++r) {
      rows[r] = loadParts<T, kLanes>(from + r * fromStride + column, part * fromStride);
    }
    for (int64_t stage = 1; stage < part; stage *= 2) {
      V shuffled[part];
      for (int64_t r = 0; r < part / 2; ++r) {
        shuffled[2 * r] = interleave<false, 1, part>(rows[r], rows[r + part / 2], lanes);
        shuffled[2 * r + 1] = interleave<true, 1, part>(rows[r], rows[r + part / 2], lanes);
      }
      for (int64_t r = 0; r < part; ++r) rows[r] = shuffled[r];
    }
    for (int64_t r = 0; r < part; ++r) store<V>(to + (column + r) * toStride, rows[r]);
  }
}

/// Transposes whole squares of kLanes.
template <typename T, int64_t kLanes>
void transposeSquares(int64_t rows, int64_t columns, const T* from, int64_t fromStride, T* to,
                      int64_t toStride) {
  for (int64_t r = 0; r + kLanes <= rows; r += kLanes) {
    for (int64_t c = 0; c + kLanes <= columns; c += kLanes) {
      transposeSquare<T, kLanes>(from + r * fromStride + c, fromStride, to + c * toStride + r,
                                 toStride);
    }
  }
}

/// [rows, columns] with rows `fromStride` apart to [columns, rows] with columns `toStride` apart,
/// by squares, and what they leave at the edges by smaller ones.
template <typename T, int64_t kLanes = FEWSOUND_VECTOR_BYTES / sizeof(T)>
void transpose(int64_t rows, int64_t columns, const T* from, int64_t fromStride, T* to,
               int64_t toStride) {
  if constexpr (kLanes == 1) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) to[c * toStride + r] = from[r * fromStride + c];
    }
  } else {
    constexpr int64_t smaller = kLanes > 4 ? 4 : 1;
    const int64_t wholeRows = rows / kLanes * kLanes;
    const int64_t wholeColumns = columns / kLanes * kLanes;
    transposeSquares<T, kLanes>(wholeRows, wholeColumns, from, fromStride, to, toStride);
    if (wholeColumns < columns) {
      transpose<T, smaller>(wholeRows, columns - wholeColumns, from + wholeColumns, fromStride,
                            to + wholeColumns * toStride, toStride);
    }
    if (wholeRows < rows) {
      transpose<T, smaller>(rows - wholeRows, columns, from + wholeRows * fromStride, fromStride,
                            to + wholeRows, toStride);
    }
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
