#include "native/distributed/nccl_backend.h"

#include <atomic>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace fewsound {
namespace {

std::atomic<NcclFactory> ncclFactory{nullptr};

}  // namespace

c10::intrusive_ptr<c10d::Backend> makeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  int rank, int size, c10::DeviceIndex device,
                                                  std::chrono::milliseconds timeout) {
  const NcclFactory factory = ncclFactory.load();
  TORCH_CHECK_VALUE(factory != nullptr,
                    "NCCL is not available: it needs a CUDA build of LibTorch with a driver, and "
                    "a fewsound built with nccl.h. Use the backend 'gloo', which also takes CUDA "
                    "tensors, through the CPU");
  return factory(store, rank, size, device, timeout);
}

}  // namespace fewsound

void fewsound_set_nccl_factory(fewsound::NcclFactory factory) { fewsound::ncclFactory = factory; }
