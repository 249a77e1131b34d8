#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace fewsound {

/// LibTorch's Gloo process group: collectives of CPU tensors over TCP. Returns when all ranks are
/// connected with each other. GLOO_SOCKET_IFNAME names the network interface, as in PyTorch.
c10::intrusive_ptr<c10d::Backend> makeGlooBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  int rank, int size,
                                                  std::chrono::milliseconds timeout);

}  // namespace fewsound
