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

/// e^x to about one unit in the last place (the argument reduction and minimax polynomials of
/// Cephes); arguments are cut off at the limits, outside of which the result may leave the normal
/// numbers. A NaN stays one.
template <typename V, typename T = Element<V>>
inline V exponential(V x, T lowest = sizeof(T) == 4 ? T(-87) : T(-708),
                     T highest = sizeof(T) == 4 ? T(87) : T(708)) {
  constexpr bool single = sizeof(T) == 4;
  constexpr int64_t mantissa = single ? 23 : 52;
  // Adding this rounds to a whole number, whose bits are then the lowest ones of the sum.
  constexpr T rounder = T(1.5) * T(uint64_t{1} << static_cast<uint64_t>(mantissa));
  x = select<V>(x > highest, splat<V>(highest), x);
  x = select<V>(x < lowest, splat<V>(lowest), x);
  const V rounded = x * T(1.44269504088896340736) + rounder;
  const V whole = rounded - rounder;
  V result;
  if constexpr (single) {
    const V r = (x - whole * T(0.693359375)) - whole * T(-2.12194440e-4);
    V p = splat<V>(T(1.9875691500e-4));
    p = p * r + T(1.3981999507e-3);
    p = p * r + T(8.3334519073e-3);
    p = p * r + T(4.1665795894e-2);
    p = p * r + T(1.6666665459e-1);
    p = p * r + T(5.0000001201e-1);
    result = p * r * r + r + T(1);
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
    result = T(1) + T(2) * p / (q - p);
  }
  // The power of two is added to the exponent: the result is near 1 and stays a normal number.
  // Without signs: a NaN's bits may overflow.
  Bits<V> bits, power;
  std::memcpy(&bits, &result, sizeof(bits));
  std::memcpy(&power, &rounded, sizeof(power));
  bits += power << mantissa;
  std::memcpy(&result, &bits, sizeof(result));
  // The low bits of a NaN, added to its exponent, can make a number of it.
  return select<V>(x == x, result, x);
}

/// tanh x to about one unit in the last place (near zero the polynomials of Cephes). A NaN stays
/// one.
template <typename V>
inline V hyperbolicTangent(V x) {
  using T = Element<V>;
  const V square = x * x;
  V near;
  if constexpr (sizeof(T) == 4) {
    V p = splat<V>(T(-5.70498872745e-3));
    p = p * square + T(2.06390887954e-2);
    p = p * square + T(-5.37397155531e-2);
    p = p * square + T(1.33314422036e-1);
    p = p * square + T(-3.33332819422e-1);
    near = p * square * x + x;
  } else {
    const V p = (square * T(-9.64399179425052238628e-1) + T(-9.92877231001918586564e1)) * square +
                T(-1.61468768441708447952e3);
    const V q =
        ((square + T(1.12811678491632931402e2)) * square + T(2.23548839060100448583e3)) * square +
        T(4.84406305325125486048e3);
    near = p / q * square * x + x;
  }
  const V far = T(1) - T(2) / (exponential(x + x) + T(1));
  return select<V>((x < T(0.625)) & (x > T(-0.625)), near, far);
}

template <typename V, size_t... kLane>
inline V addNeighbours(V a, V b, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(a, b, (2 * kLane)...) +
         __builtin_shufflevector(a, b, (2 * kLane + 1)...);
}

/// Lane i of the result is the sum of all lanes of v[i]; v is used up.
template <typename V>
inline V sumsOfEach(V* v) {
  for (int64_t count = lanesOf<V>; count > 1; count /= 2) {
    for (int64_t i = 0; i < count / 2; ++i) {
      v[i] = addNeighbours(v[2 * i], v[2 * i + 1], std::make_index_sequence<lanesOf<V>>());
    }
  }
  return v[0];
}

/// Numbers in 16 bytes, across which shuffles are slow.
template <typename T, int64_t kLanes>
constexpr int64_t kPart = kLanes < int64_t{16 / sizeof(T)} ? kLanes : int64_t{16 / sizeof(T)};

/// The lower halves of the parts of a and b, number by number in turn; or the upper ones.
template <bool kUpper, typename V, size_t... kLane>
inline V interleave(V a, V b, std::index_sequence<kLane...>) {
  constexpr size_t part = kPart<Element<V>, lanesOf<V>>;
  return __builtin_shufflevector(
      a, b,
      (kLane / part * part + kLane % part / 2 + kUpper * part / 2 + kLane % 2 * lanesOf<V>)...);
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
        shuffled[2 * r] = interleave<false>(rows[r], rows[r + part / 2], lanes);
        shuffled[2 * r + 1] = interleave<true>(rows[r], rows[r + part / 2], lanes);
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
