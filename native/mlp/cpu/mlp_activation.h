// Activations and their gradients, for one instruction set (see mlp_kernel_impl.h).
#pragma once

#include <cstdint>

#include "native/cpu/vector_trigonometry.h"
#include "native/mlp/cpu/mlp_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

template <typename T>
using TileVector = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;

/// Vectors of one feature of a tile.
template <typename T>
constexpr int64_t kRowVectors = kTile<T> * sizeof(T) / FEWSOUND_VECTOR_BYTES;

template <typename V>
inline V magnitude(V x) {
  return select<V>(x < Element<V>(0), -x, x);
}

/// e^x of any x: infinite past the largest number, 0 below the least normal one.
template <typename V>
inline V wholeExponential(V x) {
  using T = Element<V>;
  constexpr T lowest = sizeof(T) == 4 ? T(-87.3365) : T(-708.396);
  constexpr T highest = sizeof(T) == 4 ? T(88.7228) : T(709.782);
  const V e = exponential(x, lowest, highest);
  const V capped = select<V>(x > highest, splat<V>(T(__builtin_inff())), e);
  return select<V>(x < lowest, V{}, capped);
}

/// Calls work(offset, sine, cosine) for the vectors of the numbers arguments(offset), `count` of
/// them, a multiple of kTile. The cosine is made up where kCosine is false.
template <typename T, bool kCosine, typename Arguments, typename Work>
inline void forSines(int64_t count, const Arguments& arguments, const Work& work) {
  using V = TileVector<T>;
  constexpr int64_t vectors = kRowVectors<T>;
  for (int64_t first = 0; first < count; first += kTile<T>) {
    V x[vectors];
    for (int64_t v = 0; v < vectors; ++v) x[v] = arguments(first + v * lanesOf<V>);
    if (allReducible(x, vectors)) {
      for (int64_t v = 0; v < vectors; ++v) {
        V sine, cosine{};
        if constexpr (kCosine) {
          sineCosine(x[v], sine, cosine);
        } else {
          sine = sineOf(x[v]);
        }
        work(first + v * lanesOf<V>, sine, cosine);
      }
    } else {
      for (int64_t v = 0; v < vectors; ++v) {
        V sine, cosine;
        sineCosineByElement(x[v], sine, cosine);
        work(first + v * lanesOf<V>, sine, cosine);
      }
    }
  }
}

template <typename T>
void sines(int64_t count, const T* x, T* sine, T* cosine) {
  using V = TileVector<T>;
  const auto arguments = [x](int64_t at) { return load<V>(x + at); };
  if (cosine == nullptr) {
    forSines<T, false>(count, arguments, [&](int64_t at, V s, V) { store<V>(sine + at, s); });
  } else {
    forSines<T, true>(count, arguments, [&](int64_t at, V s, V c) {
      store<V>(sine + at, s);
      store<V>(cosine + at, c);
    });
  }
}

template <typename T, bool kFiner, bool kSlopes>
void activateSine(const ActivationStep<T>& step, const T* z, T* x, T* slopes) {
  using V = TileVector<T>;
  const T omega = step.nextOmega;
  forSines<T, kSlopes>(
      step.count, [z](int64_t at) { return load<V>(z + at); },
      [&](int64_t at, V sine, V cosine) {
        if constexpr (kFiner) {
          // A constant to the gradient, as FINER has it.
          const V growth = magnitude(sine) + T(1);
          sine *= growth;
          cosine *= growth;
        }
        store<V>(x + at, sine * omega);
        if constexpr (kSlopes) store<V>(slopes + at, cosine * omega);
      });
}

/// exp(-s^2 |z|^2 + i omega z) by planes of real and imaginary parts.
template <typename T, bool kComplex>
void activateGabor(const ActivationStep<T>& step, const T* z, T* x) {
  using V = TileVector<T>;
  const int64_t plane = step.count;
  const T omega = step.omega;
  const T scaleSquared = step.scaleSquared;
  forSines<T, true>(
      plane, [&](int64_t at) { return load<V>(z + at) * omega; },
      [&](int64_t at, V sine, V cosine) {
        const V real = load<V>(z + at);
        V decay = real * real * scaleSquared;
        if constexpr (kComplex) {
          const V imaginary = load<V>(z + plane + at);
          decay = (real * real + imaginary * imaginary) * scaleSquared + imaginary * omega;
        }
        const V modulus = wholeExponential(-decay);
        store<V>(x + at, modulus * cosine);
        store<V>(x + plane + at, modulus * sine);
      });
}

template <typename T>
void activate(const ActivationStep<T>& step, const T* z, T* x, T* slopes) {
  using V = TileVector<T>;
  switch (step.kind) {
    case Activation::kRelu:
      for (int64_t at = 0; at < step.count; at += lanesOf<V>) {
        const V value = load<V>(z + at);
        store<V>(x + at, select<V>(value <= T(0), V{}, value));  // a NaN stays one
      }
      return;
    case Activation::kSine:
      return slopes == nullptr ? activateSine<T, false, false>(step, z, x, nullptr)
                               : activateSine<T, false, true>(step, z, x, slopes);
    case Activation::kFiner:
      return slopes == nullptr ? activateSine<T, true, false>(step, z, x, nullptr)
                               : activateSine<T, true, true>(step, z, x, slopes);
    case Activation::kGabor:
      return step.complex ? activateGabor<T, true>(step, z, x)
                          : activateGabor<T, false>(step, z, x);
  }
}

template <typename T, bool kComplex>
void pullBackGabor(const ActivationStep<T>& step, const T* z, const T* x, T* gradient,
                   T* omegaSums) {
  using V = TileVector<T>;
  const int64_t plane = step.count;
  V omegaSum{};
  for (int64_t at = 0; at < plane; at += lanesOf<V>) {
    const V real = load<V>(z + at);
    const V byReal = load<V>(gradient + at);
    const V byImaginary = load<V>(gradient + plane + at);
    const V xReal = load<V>(x + at);
    const V xImaginary = load<V>(x + plane + at);
    // conj(gradient) · x: its real part goes with the modulus, its imaginary part with the phase.
    const V alongModulus = byReal * xReal + byImaginary * xImaginary;
    const V alongPhase = byReal * xImaginary - byImaginary * xReal;
    const V decay = alongModulus * (T(-2) * step.scaleSquared);
    store<V>(gradient + at, decay * real - alongPhase * step.omega);
    omegaSum -= alongPhase * real;
    if constexpr (kComplex) {
      const V imaginary = load<V>(z + plane + at);
      store<V>(gradient + plane + at, decay * imaginary - alongModulus * step.omega);
      omegaSum -= alongModulus * imaginary;
    }
  }
  store<V>(omegaSums, load<V>(omegaSums) + omegaSum);
}

template <typename T>
void pullBack(const ActivationStep<T>& step, const T* z, const T* x, T* gradient, T* omegaSums) {
  using V = TileVector<T>;
  switch (step.kind) {
    case Activation::kRelu:
      for (int64_t at = 0; at < step.count; at += lanesOf<V>) {
        store<V>(gradient + at, select<V>(load<V>(x + at) <= T(0), V{}, load<V>(gradient + at)));
      }
      return;
    case Activation::kSine:
    case Activation::kFiner:
      for (int64_t at = 0; at < step.count; at += lanesOf<V>) {
        store<V>(gradient + at, load<V>(gradient + at) * load<V>(z + at));
      }
      return;
    case Activation::kGabor:
      return step.complex ? pullBackGabor<T, true>(step, z, x, gradient, omegaSums)
                          : pullBackGabor<T, false>(step, z, x, gradient, omegaSums);
  }
}

template <typename T>
void scaleInput(Activation kind, int64_t count, T omega, T* x, T* slopes) {
  using V = TileVector<T>;
  const bool finer = kind == Activation::kFiner;
  for (int64_t at = 0; at < count; at += lanesOf<V>) {
    const V value = load<V>(x + at);
    const V growth = finer ? magnitude(value) + T(1) : splat<V>(T(1));
    store<V>(x + at, value * growth * omega);
    if (slopes != nullptr) store<V>(slopes + at, growth * omega);
  }
}

template <typename T>
void addRowSums(int64_t rows, const T* from, T* sums) {
  using V = TileVector<T>;
  for (int64_t r = 0; r < rows; ++r) {
    V sum = load<V>(from + r * kTile<T>);
    for (int64_t v = 1; v < kRowVectors<T>; ++v) {
      sum += load<V>(from + r * kTile<T> + v * lanesOf<V>);
    }
    store<V>(sums + r * lanesOf<V>, load<V>(sums + r * lanesOf<V>) + sum);
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
