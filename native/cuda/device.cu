#include <cuda_runtime.h>

#include "native/cuda/device.h"

namespace fewsound::cuda {

int64_t sharedMemoryLimit() {
  int device = 0;
  int bytes = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) !=
          cudaSuccess) {
    return int64_t{48} * 1024;  // what every device has
  }
  return bytes;
}

}  // namespace fewsound::cuda
