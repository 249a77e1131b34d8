#include <c10/util/Exception.h>

#include "native/loss/cuda/target_loss_cuda.h"

namespace fewsound::cuda {

bool takesTargetLoss(const ReconstructionLossOptions&, const at::Tensor&) { return false; }

std::unique_ptr<TargetLoss> makeTargetLoss(const ReconstructionLossOptions&, const at::Tensor&) {
  TORCH_CHECK(false, "this build of fewsound has no CUDA kernels");
}

}  // namespace fewsound::cuda
