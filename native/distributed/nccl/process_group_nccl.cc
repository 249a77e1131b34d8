// Part of the library fewsound_cuda.so, where nccl.h was found: LibTorch's NCCL process group,
// whose header needs CUDA's and NCCL's own.

#define USE_C10D_NCCL
#include <c10/cuda/CUDAGuard.h>

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "native/distributed/nccl_backend.h"

namespace fewsound {
namespace {

/// With LibTorch's defaults a peer that died ends this process by std::terminate, from a thread of
/// the process group. Waiting for each operation instead, an error and a timeout are exceptions
/// where the operation was called.
class BlockingNccl : public c10d::ProcessGroupNCCL {
 public:
  BlockingNccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
               c10::intrusive_ptr<Options> options)
      : ProcessGroupNCCL(store, rank, size, std::move(options)) {
    blockingWait_ = true;
    asyncErrorHandling_ = c10d::NoHandling;
  }
};

c10::intrusive_ptr<c10d::Backend> make(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                       int size, c10::DeviceIndex device,
                                       std::chrono::milliseconds timeout) {
  const c10::cuda::CUDAGuard guard(device);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<BlockingNccl>(store, rank, size, std::move(options));
}

}  // namespace
}  // namespace fewsound

/// What the loader looks for.
extern "C" __attribute__((visibility("default"))) fewsound::NcclFactory
fewsound_cuda_nccl_factory() {
  return fewsound::make;
}
