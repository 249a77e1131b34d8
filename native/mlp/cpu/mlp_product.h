// Products of small matrices, for one instruction set (see mlp_kernel_impl.h).
//
// A block of sums stays in registers through the whole depth. Its shape is such that there are as
// many independent sums as the multiply-adds in flight, and that each number loaded is used several
// times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "native/cpu/vector.h"
#include "native/mlp/cpu/mlp_kernel.h"

namespace fewsound::cpu::FEWSOUND_VARIANT {

/// Most vectors in a row of a block, and most rows of one that has so many. Vectors of 16 bytes on
/// x86-64 have no load that fills all lanes: there a row's number is used more often.
constexpr int64_t kMostVectors = kManyRegisters || FEWSOUND_VECTOR_BYTES == 16 ? 4 : 2;
constexpr int64_t mostRows(int64_t vectors) {
  if (kManyRegisters) return vectors == 4 ? 6 : 8;
  if (kMostVectors == 4) return vectors == 1 ? 8 : vectors == 2 ? 6 : 3;
  return vectors == 2 ? 6 : 8;
}

/// Depth after which sums are put aside: the part of the right matrix that a row of blocks shares
/// stays in the first cache level.
constexpr int64_t kDepth = 96;

template <typename T, int64_t kRows, int64_t kVectors>
void multiplyBlock(int64_t depth, const T* left, int64_t leftStride, int64_t leftStep,
                   const T* right, int64_t rightStride, T* sums, int64_t sumsStride, const T* bias,
                   bool add, T sign) {
  using V = Vector<T, FEWSOUND_VECTOR_BYTES / sizeof(T)>;
  V sum[kRows][kVectors];
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) {
      if (add) {
        sum[r][v] = load<V>(sums + r * sumsStride + v * lanesOf<V>) * sign;
      } else {
        sum[r][v] = splat<V>(bias == nullptr ? T(0) : bias[r]);
      }
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    V column[kVectors];
#pragma GCC unroll 8
    for (int64_t v = 0; v < kVectors; ++v) {
      column[v] = load<V>(right + k * rightStride + v * lanesOf<V>);
    }
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) {
      const V row = splat<V>(left[r * leftStride + k * leftStep]);
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) sum[r][v] += row * column[v];
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) {
      store<V>(sums + r * sumsStride + v * lanesOf<V>, sum[r][v] * sign);
    }
  }
}

/// All rows of some columns, in blocks of nearly the same height.
template <typename T, int64_t kVectors>
void multiplyColumns(const Product<T>& p, int64_t column, int64_t from, int64_t depth) {
  using Block = void (*)(int64_t, const T*, int64_t, int64_t, const T*, int64_t, T*, int64_t,
                         const T*, bool, T);
  constexpr int64_t most = mostRows(kVectors);
  constexpr auto blocks = []<size_t... kRow>(std::index_sequence<kRow...>) {
    struct Table {
      Block of[sizeof...(kRow)];
    };
    return Table{{&multiplyBlock<T, kRow + 1, kVectors>...}};
  }(std::make_index_sequence<most>());
  const int64_t count = (p.rows + most - 1) / most;
  const bool add = p.add || from > 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = i * p.rows / count;
    const int64_t rows = (i + 1) * p.rows / count - row;
    blocks.of[rows - 1](depth, p.left + row * p.leftStride + from * p.leftStep, p.leftStride,
                        p.leftStep, p.right + from * p.rightStride + column, p.rightStride,
                        p.sums + row * p.sumsStride + column, p.sumsStride,
                        p.bias == nullptr ? nullptr : p.bias + row, add, p.sign);
  }
}

template <typename T>
void multiply(const Product<T>& p) {
  constexpr int64_t lanes = FEWSOUND_VECTOR_BYTES / sizeof(T);
  const int64_t vectors = p.columns / lanes;
  // Nearly the same width, too: five vectors are three and two.
  const int64_t groups = (vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t from = 0; from < p.depth; from += kDepth) {
    const int64_t depth = p.depth - from < kDepth ? p.depth - from : kDepth;
    for (int64_t i = 0; i < groups; ++i) {
      const int64_t first = i * vectors / groups;
      const int64_t now = (i + 1) * vectors / groups - first;
      if (now == 1) multiplyColumns<T, 1>(p, first * lanes, from, depth);
      if (now == 2) multiplyColumns<T, 2>(p, first * lanes, from, depth);
      if constexpr (kMostVectors >= 4) {
        if (now == 3) multiplyColumns<T, 3>(p, first * lanes, from, depth);
        if (now == 4) multiplyColumns<T, 4>(p, first * lanes, from, depth);
      }
    }
  }
}

}  // namespace fewsound::cpu::FEWSOUND_VARIANT
