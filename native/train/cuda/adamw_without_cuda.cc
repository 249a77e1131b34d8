#include <c10/util/Exception.h>

#include "native/train/cuda/adamw_cuda.h"

namespace fewsound::cuda {

bool hasAdamW() { return false; }

void updateAdamW(const AdamWTensors&, const at::Tensor&, const AdamWConstants&) {
  TORCH_CHECK(false, "this build of fewsound has no CUDA kernels");
}

}  // namespace fewsound::cuda
