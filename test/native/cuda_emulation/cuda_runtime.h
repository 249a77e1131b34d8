// CUDA's language on the CPU, as far as our kernels use it: their very sources are compiled against
// this header and run, a fiber for each thread of a block, one block after the other. The order of
// the fibers changes from launch to launch; ThreadSanitizer takes each for a thread of its own, and
// so finds what a barrier was forgotten for.
#pragma once

#include <math.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

using std::max;
using std::min;

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.
#define __global__
#define __device__
#define __host__
#define __shared__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
// NOLINTEND(bugprone-reserved-identifier)

struct dim3 {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
  constexpr dim3(unsigned sizeX = 1, unsigned sizeY = 1, unsigned sizeZ = 1) noexcept
      : x(sizeX), y(sizeY), z(sizeZ) {}
};

// Where the running fiber is.
inline dim3 threadIdx;
inline dim3 blockIdx;
inline dim3 blockDim;
inline dim3 gridDim;

namespace fewsound::test {

/// Runs `thread` for every thread of every block. Each block finds the shared memory full of NaNs;
/// writing past `sharedBytes` of it ends the program.
void runGrid(dim3 blocks, dim3 threads, size_t sharedBytes, const std::function<void()>& thread);

/// Waits for the other threads of the block, or of the warp.
void waitForBlock();
void waitForWarp();

/// The warp's value of the lane `partner`; all lanes call it together.
uint64_t exchange(uint64_t value, unsigned partner);
unsigned emulatedLane();

}  // namespace fewsound::test

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.
inline void __syncthreads() { fewsound::test::waitForBlock(); }
inline void __syncwarp(unsigned = ~0U) { fewsound::test::waitForWarp(); }

template <typename T>
T __shfl_xor_sync(unsigned, T value, int laneMask) {
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = fewsound::test::exchange(bits,
                                  fewsound::test::emulatedLane() ^ static_cast<unsigned>(laneMask));
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}

// NOLINTEND(bugprone-reserved-identifier)

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidConfiguration = 9 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum cudaDeviceAttr { cudaDevAttrMaxSharedMemoryPerBlockOptin };
using cudaStream_t = void*;

struct cudaLaunchConfig_t {
  dim3 gridDim;
  dim3 blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

namespace fewsound::test {
/// Random cases that a test can afford: ThreadSanitizer looks at every access of every fiber.
#if defined(__SANITIZE_THREAD__)
constexpr int kEmulatedCases = 3;
#else
constexpr int kEmulatedCases = 20;
#endif

/// What an H100 allows a block; a test may ask for less.
inline int emulatedSharedMemory = 227 * 1024;
}  // namespace fewsound::test

inline cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int bytes) {
  return bytes <= fewsound::test::emulatedSharedMemory ? cudaSuccess
                                                       : cudaErrorInvalidConfiguration;
}
inline cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = fewsound::test::emulatedSharedMemory;
  return cudaSuccess;
}
inline const char* cudaGetErrorString(cudaError_t) { return "invalid configuration"; }

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               const Arguments&... arguments) {
  const dim3& blocks = config->gridDim;
  const dim3& threads = config->blockDim;
  // The limits of every device since 2017.
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0 || blocks.y > 65535 || blocks.z > 65535 ||
      threads.x == 0 || threads.x > 1024) {
    return cudaErrorInvalidConfiguration;
  }
  fewsound::test::runGrid(blocks, threads, config->dynamicSmemBytes, [&] { kernel(arguments...); });
  return cudaSuccess;
}
