// The innermost loops of stacks of dense layers for one instruction set. Included by
// mlp_kernel_{plain,avx2,avx512}.cc, each of which defines FEWSOUND_VARIANT (a namespace) and
// FEWSOUND_VECTOR_BYTES, and is compiled with the flags of its instruction set. No header with
// inline code of others may come in here: the linker would be free to take their AVX-512
// instantiation for the whole program.

#include "native/cpu/vector_math.h"
#include "native/mlp/cpu/mlp_activation.h"
#include "native/mlp/cpu/mlp_kernel.h"
#include "native/mlp/cpu/mlp_product.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

template <typename T>
void addPlanes(int64_t count, const T* a, const T* b, T sign, T* to) {
  using V = TileVector<T>;
  for (int64_t at = 0; at < count; at += lanesOf<V>) {
    store<V>(to + at, load<V>(a + at) + load<V>(b + at) * sign);
  }
}

template <typename T>
void combine(int64_t count, T* real, T* imaginary, const T* other) {
  using V = TileVector<T>;
  for (int64_t at = 0; at < count; at += lanesOf<V>) {
    const V one = load<V>(real + at);
    const V two = load<V>(other + at);
    store<V>(imaginary + at, load<V>(imaginary + at) - one - two);
    store<V>(real + at, one - two);
  }
}

template <typename T>
void transposeOf(int64_t rows, int64_t columns, const T* from, int64_t fromStride, T* to,
                 int64_t toStride) {
  transpose<T>(rows, columns, from, fromStride, to, toStride);
}

template <typename T>
constexpr MlpKernel<T> kMlpKernel{.name = FEWSOUND_VARIANT_NAME,
                                  .lanes = FEWSOUND_VECTOR_BYTES / sizeof(T),
                                  .multiply = multiply<T>,
                                  .addPlanes = addPlanes<T>,
                                  .combine = combine<T>,
                                  .transpose = transposeOf<T>,
                                  .activate = activate<T>,
                                  .pullBack = pullBack<T>,
                                  .scaleInput = scaleInput<T>,
                                  .addRowSums = addRowSums<T>,
                                  .sines = sines<T>};

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
