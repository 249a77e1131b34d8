// Sine and cosine of vectors, to two units in the last place whatever the argument.
#pragma once

#include "native/cpu/vector_math.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

#if defined(__FMA__) || defined(__aarch64__)
constexpr bool kFusesMultiplyAdd = true;
#else
constexpr bool kFusesMultiplyAdd = false;
#endif

/// Largest argument that is reduced by vectors. Beyond, where a number of periods has too many bits
/// for that, the C library takes element by element.
template <typename T>
constexpr T kLargestReduced = sizeof(T) == 4 ? T(2e5) : T(1e9);

/// An argument less the nearest multiple of pi (or of pi / 2), whose number is `count` in its
/// lowest bits.
template <typename V>
struct Reduced {
  V rest;
  Bits<V> count;
};

/// Reduced by pi / kParts, in three parts after Cody and Waite. The first product is subtracted
/// exactly, because it and the argument are multiples of the same small number and nearly equal:
/// for that, the two operations have to be a fused one.
template <int kParts, typename V>
inline Reduced<V> reduceFused(V x) {
  using T = Element<V>;
  constexpr bool single = sizeof(T) == 4;
  constexpr T rounder = single ? T(0x1.8p23) : T(0x1.8p52);
  constexpr T inverse = T(0.318309886183790671538) * kParts;
  constexpr T first = (single ? T(0x1.921fb6p+1) : T(0x1.921fb54442d18p+1)) / kParts;
  constexpr T second = (single ? T(-0x1.777a5cp-24) : T(0x1.1a62633145c07p-53)) / kParts;
  constexpr T third = (single ? T(-0x1.ee59dap-49) : T(-0x1.f1976b7ed8fbcp-109)) / kParts;
  const V rounded = x * inverse + rounder;
  const V count = rounded - rounder;
  Reduced<V> reduced;
  reduced.rest = x - count * first;
  reduced.rest = reduced.rest - count * second;
  reduced.rest = reduced.rest - count * third;
  std::memcpy(&reduced.count, &rounded, sizeof(rounded));
  return reduced;
}

/// Float32 reduced by pi / 2 without fused operations, in float64.
template <typename V>
inline Reduced<V> reduceWide(V x) {
  using Wide = Vector<double, lanesOf<V>>;
  constexpr double rounder = 0x1.8p52;
  const Wide wide = __builtin_convertvector(x, Wide);
  const Wide rounded = wide * 0.636619772367581343076 + rounder;
  const Wide count = rounded - rounder;
  // 33 bits of pi / 2, whose products with up to 20 bits are exact, and the rest.
  const Wide rest = (wide - count * 0x1.921fb544p+0) - count * 0x1.0b4611a626331p-34;
  Vector<uint64_t, lanesOf<V>> bits;
  std::memcpy(&bits, &rounded, sizeof(bits));
  return {.rest = __builtin_convertvector(rest, V),
          .count = __builtin_convertvector(bits, Bits<V>)};
}

/// v with the sign turned where `bit` of `count` is set.
template <int64_t kBit, typename V>
inline V turnSign(V v, Bits<V> count) {
  constexpr int64_t sign = 8 * sizeof(Element<V>) - 1;
  Bits<V> bits;
  std::memcpy(&bits, &v, sizeof(v));
  bits ^= (count >> kBit) << sign;
  std::memcpy(&v, &bits, sizeof(v));
  return v;
}

/// Sine and cosine from -pi / 4 to pi / 4 (Cephes; fdlibm).
template <typename V>
inline void kernelSineCosine(V r, V& sine, V& cosine) {
  using T = Element<V>;
  const V square = r * r;
  V s, c;
  if constexpr (sizeof(T) == 4) {
    s = square * T(-1.9515295891e-4) + T(8.3321608736e-3);
    s = s * square + T(-1.6666654611e-1);
    c = square * T(2.443315711809948e-5) + T(-1.388731625493765e-3);
    c = c * square + T(4.166664568298827e-2);
  } else {
    s = square * T(1.58969099521155010221e-10) + T(-2.50507602534068634195e-8);
    s = s * square + T(2.75573137070700676789e-6);
    s = s * square + T(-1.98412698298579493134e-4);
    s = s * square + T(8.33333333332248946124e-3);
    s = s * square + T(-1.66666666666666324348e-1);
    c = square * T(-1.13596475577881948265e-11) + T(2.08757232129817482790e-9);
    c = c * square + T(-2.75573143513906633035e-7);
    c = c * square + T(2.48015872894767294178e-5);
    c = c * square + T(-1.38888888888741095749e-3);
    c = c * square + T(4.16666666666666019037e-2);
  }
  sine = r + r * (square * s);
  // 1 - r^2 / 2 is rounded, and what it lost is added with the rest.
  const V half = square * T(0.5);
  const V most = T(1) - half;
  cosine = most + (((T(1) - most) - half) + square * square * c);
}

/// Whether all elements are small enough to be reduced by vectors (false for NaN).
template <typename V>
inline bool allReducible(const V* x, int64_t vectors) {
  if constexpr (!kFusesMultiplyAdd && sizeof(Element<V>) == 8) return false;
  using Lanes = Integers<V>;
  constexpr Element<V> most = kLargestReduced<Element<V>>;
  Lanes all = (x[0] <= most) & (x[0] >= -most);
  for (int64_t i = 1; i < vectors; ++i) all &= (x[i] <= most) & (x[i] >= -most);
  uint64_t parts[sizeof(V) / sizeof(uint64_t)];
  std::memcpy(parts, &all, sizeof(all));
  uint64_t every = parts[0];
  for (uint64_t part : parts) every &= part;
  return every == ~uint64_t{0};
}

/// Of float32 or float64, by the C library in float64.
template <typename V>
inline void sineCosineByElement(V x, V& sine, V& cosine) {
  for (int64_t i = 0; i < lanesOf<V>; ++i) {
    const auto at = static_cast<double>(x[i]);
    sine[i] = static_cast<Element<V>>(__builtin_sin(at));
    cosine[i] = static_cast<Element<V>>(__builtin_cos(at));
  }
}

/// For arguments of which allReducible says so.
template <typename V>
inline void sineCosine(V x, V& sine, V& cosine) {
  Reduced<V> reduced;
  if constexpr (kFusesMultiplyAdd) {
    reduced = reduceFused<2>(x);
  } else {
    reduced = reduceWide(x);
  }
  V s, c;
  kernelSineCosine(reduced.rest, s, c);
  const Integers<V> odd = (reduced.count & 1) != 0;
  sine = turnSign<1>(select<V>(odd, c, s), reduced.count);
  cosine = turnSign<1>(select<V>(odd, s, c), reduced.count + 1);
}

/// Sine alone, of the same arguments: for float32 reduced by whole half turns and by one
/// polynomial, which without fused operations would lose too much.
template <typename V>
inline V sineOf(V x) {
  using T = Element<V>;
  if constexpr (sizeof(T) == 4 && kFusesMultiplyAdd) {
    const Reduced<V> reduced = reduceFused<1>(x);
    const V r = reduced.rest;
    const V square = r * r;
    V s = square * T(-2.401860141269477e-8) + T(2.7533717020862693e-6);
    s = s * square + T(-1.984104904953901e-4);
    s = s * square + T(8.333332609271644e-3);
    s = s * square + T(-1.6666666662863433e-1);
    return turnSign<0>(r + r * (square * s), reduced.count);
  } else {
    V sine, cosine;
    sineCosine(x, sine, cosine);
    return sine;
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
