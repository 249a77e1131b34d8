#pragma once

#include <c10/core/Device.h>
#include <c10/util/intrusive_ptr.h>

#include <chrono>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace fewsound {

/// LibTorch's NCCL process group: collectives of CUDA tensors on this rank's device. Throws where
/// there is none.
c10::intrusive_ptr<c10d::Backend> makeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  int rank, int size, c10::DeviceIndex device,
                                                  std::chrono::milliseconds timeout);

using NcclFactory = c10::intrusive_ptr<c10d::Backend> (*)(
    const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, c10::DeviceIndex device,
    std::chrono::milliseconds timeout);

}  // namespace fewsound

/// Names the one that makes it. It comes from fewsound_cuda.so, which is built against a CUDA
/// LibTorch; the loader opens both and hands it over.
extern "C" __attribute__((visibility("default"))) void fewsound_set_nccl_factory(
    fewsound::NcclFactory factory);
