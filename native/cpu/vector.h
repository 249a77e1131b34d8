// Vectors by the compilers' vector extensions: one source for every instruction set. For files that
// are compiled once for each of them, which define FEWSOUND_VARIANT (a namespace) and
// FEWSOUND_VECTOR_BYTES.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// Whether there are 32 registers for vectors, or 16.
#if defined(__aarch64__)
constexpr bool kManyRegisters = true;
#else
constexpr bool kManyRegisters = FEWSOUND_VECTOR_BYTES == 64;
#endif

template <typename T, int64_t kLanes>
struct VectorOf {
  typedef T type __attribute__((vector_size(kLanes * sizeof(T))));
};
template <typename T, int64_t kLanes>
using Vector = typename VectorOf<T, kLanes>::type;

template <typename V>
using Element = std::remove_cvref_t<decltype(std::declval<V>()[0])>;
template <typename V>
constexpr int64_t lanesOf = sizeof(V) / sizeof(Element<V>);

template <typename V>
inline V load(const Element<V>* from) {
  V v;
  std::memcpy(&v, from, sizeof(V));
  return v;
}

template <typename V>
inline void store(Element<V>* to, V v) {
  std::memcpy(to, &v, sizeof(V));
}

template <typename V>
inline V splat(Element<V> value) {
  // Minus zero changes no number, so nothing is computed; adding zero would turn -0 into 0.
  return value - V{};
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
