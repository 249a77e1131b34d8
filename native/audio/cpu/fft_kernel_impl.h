// Spectra of real signals for one instruction set. Included by fft_kernel_{plain,avx2,avx512}.cc,
// each of which defines FEWSOUND_VARIANT (a namespace) and FEWSOUND_VECTOR_BYTES. No header with
// inline code of others may come in here: the linker would be free to take their AVX-512
// instantiation for the whole program.
//
// A lane has a signal of its own, so nothing is ever shuffled, and frequencies may lie in any
// order. Passes decimate in frequency and go block by block to the end, so that all but the first
// find their numbers in the first cache level; where signals end in silence, butterflies have fewer
// legs.

#include <cmath>
#include <cstdint>

#include "native/audio/cpu/fft_kernel.h"
#include "native/cpu/vector.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

template <typename V>
struct Complex {
  V real;
  V imaginary;
};

/// Numbers of T from one complex number of all lanes to the next.
template <typename V>
constexpr int64_t kComplex = 2 * lanesOf<V>;

template <typename V>
inline Complex<V> loadComplex(const Element<V>* from) {
  return {load<V>(from), load<V>(from + lanesOf<V>)};
}

template <typename V>
inline void storeComplex(Element<V>* to, const Complex<V>& z) {
  store<V>(to, z.real);
  store<V>(to + lanesOf<V>, z.imaginary);
}

template <typename V>
inline Complex<V> operator+(const Complex<V>& a, const Complex<V>& b) {
  return {a.real + b.real, a.imaginary + b.imaginary};
}

template <typename V>
inline Complex<V> operator-(const Complex<V>& a, const Complex<V>& b) {
  return {a.real - b.real, a.imaginary - b.imaginary};
}

/// z · (real + i·imaginary)
template <typename V>
inline Complex<V> turned(const Complex<V>& z, Element<V> real, Element<V> imaginary) {
  return {z.real * real - z.imaginary * imaginary, z.real * imaginary + z.imaginary * real};
}

/// -i·z
template <typename V>
inline Complex<V> quarterTurned(const Complex<V>& z) {
  return {z.imaginary, -z.real};
}

/// a + b and a - b, where b may be known to be zero.
template <bool kSecond, typename V>
inline void sumAndDifference(const Complex<V>& a, const Complex<V>& b, Complex<V>& sum,
                             Complex<V>& difference) {
  if constexpr (kSecond) {
    sum = a + b;
    difference = a - b;
  } else {
    sum = a;
    difference = a;
  }
}

// Transforms of 2, 4 and 8 numbers, of which the first kLegs are not zero (and the others not
// read).

template <int64_t kLegs, typename V>
inline void transformTwo(const Complex<V>* z, Complex<V>* to, int64_t apart) {
  sumAndDifference<(kLegs > 1)>(z[0], z[1], to[0], to[apart]);
}

template <int64_t kLegs, typename V>
inline void transformFour(const Complex<V>* z, Complex<V>* to, int64_t apart) {
  Complex<V> even[2];
  Complex<V> odd[2];
  sumAndDifference<(kLegs > 2)>(z[0], z[2], even[0], even[1]);
  if constexpr (kLegs > 1) {
    sumAndDifference<(kLegs > 3)>(z[1], z[3], odd[0], odd[1]);
    odd[1] = quarterTurned(odd[1]);
  }
  sumAndDifference<(kLegs > 1)>(even[0], odd[0], to[0], to[2 * apart]);
  sumAndDifference<(kLegs > 1)>(even[1], odd[1], to[apart], to[3 * apart]);
}

template <int64_t kLegs, typename V>
inline void transformEight(const Complex<V>* z, Complex<V>* to) {
  using T = Element<V>;
  constexpr T root = T(0.70710678118654752440);  // of a half
  constexpr int64_t legs = kLegs < 4 ? kLegs : 4;
  Complex<V> sums[4];
  Complex<V> differences[4];
  sumAndDifference<(kLegs > 4)>(z[0], z[4], sums[0], differences[0]);
  if constexpr (legs > 1) {
    sumAndDifference<(kLegs > 5)>(z[1], z[5], sums[1], differences[1]);
    const auto [real, imaginary] = differences[1];
    differences[1] = {(real + imaginary) * root, (imaginary - real) * root};
  }
  if constexpr (legs > 2) {
    sumAndDifference<(kLegs > 6)>(z[2], z[6], sums[2], differences[2]);
    differences[2] = quarterTurned(differences[2]);
  }
  if constexpr (legs > 3) {
    sumAndDifference<(kLegs > 7)>(z[3], z[7], sums[3], differences[3]);
    const auto [real, imaginary] = differences[3];
    differences[3] = {(imaginary - real) * root, (real + imaginary) * -root};
  }
  transformFour<legs>(sums, to, 2);
  transformFour<legs>(differences, to + 1, 2);
}

/// Butterflies [first, end) of a block. The first of a block turns nothing (kTurned is false); it
/// is the only one of the last pass.
template <typename V, int64_t kRadix, int64_t kLegs, bool kTurned>
void butterflies(const FftPass<Element<V>>& pass, int64_t first, int64_t end, Element<V>* block) {
  using T = Element<V>;
  for (int64_t j = first; j < end; ++j) {
    Complex<V> in[kRadix];
    Complex<V> out[kRadix];
    for (int64_t leg = 0; leg < kLegs; ++leg) {
      in[leg] = loadComplex<V>(block + (leg * pass.span + j) * kComplex<V>);
    }
    if constexpr (kRadix == 8) {
      transformEight<kLegs>(in, out);
    } else if constexpr (kRadix == 4) {
      transformFour<kLegs>(in, out, 1);
    } else {
      transformTwo<kLegs>(in, out, 1);
    }
    storeComplex<V>(block + j * kComplex<V>, out[0]);
    const T* const twiddles = pass.twiddles + j * 2 * (kRadix - 1);
    for (int64_t p = 1; p < kRadix; ++p) {
      if constexpr (kTurned) out[p] = turned(out[p], twiddles[2 * p - 2], twiddles[2 * p - 1]);
      storeComplex<V>(block + (p * pass.span + j) * kComplex<V>, out[p]);
    }
  }
}

/// Butterflies with kLegs legs or fewer: the first `nonzero` numbers of the block are not zero.
template <typename V, int64_t kRadix, int64_t kLegs = kRadix>
void runPass(const FftPass<Element<V>>& pass, int64_t nonzero, Element<V>* block) {
  // Leg kLegs - 1 is there for the first ones, one leg less for those behind.
  const int64_t most = nonzero - (kLegs - 1) * pass.span;
  if constexpr (kLegs > 1) {
    if (most <= 0) return runPass<V, kRadix, kLegs - 1>(pass, nonzero, block);
  }
  const int64_t full = most < pass.span ? most : pass.span;
  butterflies<V, kRadix, kLegs, false>(pass, 0, 1, block);
  butterflies<V, kRadix, kLegs, true>(pass, 1, full, block);
  if constexpr (kLegs > 1) {
    butterflies<V, kRadix, kLegs - 1, true>(pass, full, pass.span, block);
  }
}

/// Transforms a block of radix · span numbers in place, the first `nonzero` of which are not zero.
template <typename V>
void transformBlock(const FftPass<Element<V>>* pass, int64_t nonzero, Element<V>* block) {
  if (pass->radix == 8) {
    runPass<V, 8>(*pass, nonzero, block);
  } else if (pass->radix == 4) {
    runPass<V, 4>(*pass, nonzero, block);
  } else {
    runPass<V, 2>(*pass, nonzero, block);
  }
  if (pass->span == 1) return;
  const int64_t left = nonzero < pass->span ? nonzero : pass->span;
  for (int64_t p = 0; p < pass->radix; ++p) {
    transformBlock<V>(pass + 1, left, block + p * pass->span * kComplex<V>);
  }
}

/// Writes the power, or its root.
template <bool kRoot, typename V>
inline void storePower(Element<V>* to, const V& real, const V& imaginary, Element<V> scale) {
  using T = Element<V>;
  const V power = (real * real + imaginary * imaginary) * scale;
  if constexpr (kRoot) {
    T numbers[lanesOf<V>];
    store<V>(numbers, power);
    for (int64_t lane = 0; lane < lanesOf<V>; ++lane) numbers[lane] = std::sqrt(numbers[lane]);
    store<V>(to, load<V>(numbers));
  } else {
    store<V>(to, power);
  }
}

template <typename V, bool kRoot>
void spectra(const FftTables<Element<V>>& tables, int64_t samples, const Element<V>* signals,
             int64_t pitch, Element<V>* scratch, Element<V>* to, int64_t toPitch) {
  using T = Element<V>;
  const int64_t half = tables.half;
  // Even samples as real parts, odd ones as imaginary parts.
  const int64_t nonzero = (samples + 1) / 2;
  for (int64_t i = 0; i < nonzero; ++i) {
    const T* const even = signals + 2 * i * pitch;
    store<V>(scratch + i * kComplex<V>, load<V>(even));
    const V odd = 2 * i + 1 < samples ? load<V>(even + pitch) : V{};
    store<V>(scratch + i * kComplex<V> + lanesOf<V>, odd);
  }
  if (half > 1) transformBlock<V>(tables.passes, nonzero, scratch);

  const Complex<V> still = loadComplex<V>(scratch);
  storePower<kRoot>(to, still.real + still.imaginary, V{}, T(1));
  storePower<kRoot>(to + half * toPitch, still.real - still.imaginary, V{}, T(1));
  for (int64_t k = 1; 2 * k <= half; ++k) {
    // Twice the spectra of even and odd samples; the latter, turned to where their samples are, is
    // added at k and taken away at half - k (Press et al., Numerical Recipes, section 12.3).
    const Complex<V> z = loadComplex<V>(scratch + tables.places[k] * kComplex<V>);
    const Complex<V> mirror = loadComplex<V>(scratch + tables.places[half - k] * kComplex<V>);
    const Complex<V> even{z.real + mirror.real, z.imaginary - mirror.imaginary};
    const Complex<V> odd = turned(Complex<V>{z.imaginary + mirror.imaginary, mirror.real - z.real},
                                  tables.turns[2 * k], tables.turns[2 * k + 1]);
    const Complex<V> upper = even + odd;
    const Complex<V> lower = even - odd;
    storePower<kRoot>(to + k * toPitch, upper.real, upper.imaginary, T(0.25));
    storePower<kRoot>(to + (half - k) * toPitch, lower.real, lower.imaginary, T(0.25));
  }
}

template <typename T>
using Widest = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;

template <typename T>
constexpr FftKernel<T> kFftKernel = {
    FEWSOUND_VARIANT_NAME,
    lanesOf<Widest<T>>,
    spectra<Widest<T>, false>,
    spectra<Widest<T>, true>,
};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
