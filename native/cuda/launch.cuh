#pragma once

#include <cuda_runtime.h>

namespace fewsound::cuda {

/// Blocks and threads of a launch, and the dynamic shared memory of a block in bytes.
struct LaunchShape {
  dim3 blocks;
  unsigned threads;
  size_t sharedBytes = 0;
};

/// Puts a kernel on a stream. Returns what CUDA says is wrong, null where nothing is.
template <typename... Parameters, typename... Arguments>
const char* launch(void (*kernel)(Parameters...), const LaunchShape& shape, void* stream,
                   const Arguments&... arguments) {
  // More than 48 KB for a block has to be asked for.
  cudaError_t status = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                            cudaFuncAttributeMaxDynamicSharedMemorySize,
                                            static_cast<int>(shape.sharedBytes));
  if (status == cudaSuccess) {
    cudaLaunchConfig_t config = {};
    config.gridDim = shape.blocks;
    config.blockDim = dim3(shape.threads);
    config.dynamicSmemBytes = shape.sharedBytes;
    config.stream = static_cast<cudaStream_t>(stream);
    status = cudaLaunchKernelEx(&config, kernel, arguments...);
  }
  return status == cudaSuccess ? nullptr : cudaGetErrorString(status);
}

}  // namespace fewsound::cuda
