#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace fewsound::cuda {

constexpr int kWarp = 32;

/// What every array in shared memory is aligned to, in bytes.
constexpr int64_t kSharedAlignment = 32;

/// Bytes that an array takes up in shared memory.
template <typename T>
constexpr int64_t sharedBytes(int64_t count) {
  const int64_t bytes = count * static_cast<int64_t>(sizeof(T));
  return (bytes + kSharedAlignment - 1) / kSharedAlignment * kSharedAlignment;
}

extern __shared__ __align__(32) unsigned char blockMemory[];

/// Hands out the block's dynamic shared memory, array by array, to all threads alike.
class SharedMemory {
 public:
  template <typename T>
  __device__ T* take(int64_t count) {
    T* const array = reinterpret_cast<T*>(blockMemory + used_);
    used_ += sharedBytes<T>(count);
    return array;
  }

 private:
  int64_t used_ = 0;
};

/// Copies an array, 16 bytes at a time: both ends and `count` are multiples of that. All threads of
/// the block call it together.
template <typename T>
__device__ void copyPieces(T* to, const T* from, int64_t count) {
  constexpr int64_t kPiece = 16 / sizeof(T);
  struct alignas(16) Piece {
    T values[kPiece];
  };
#pragma unroll 4
  for (int64_t e = threadIdx.x; e < count / kPiece; e += blockDim.x) {
    reinterpret_cast<Piece*>(to)[e] = reinterpret_cast<const Piece*>(from)[e];
  }
}

}  // namespace fewsound::cuda
