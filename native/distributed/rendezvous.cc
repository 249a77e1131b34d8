#include "native/distributed/rendezvous.h"

#include <map>
#include <mutex>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace fewsound {
namespace {

/// How many groups this rank has joined at that address before: the same number on every rank, as
/// all join in the same order. A launcher's store keeps what earlier groups wrote.
int64_t countJoin(const ProcessGroupOptions& options) {
  static std::mutex mutex;
  static std::map<std::string, int64_t> joins;
  const std::lock_guard lock(mutex);
  return joins[c10::str(options.masterAddress, ":", options.masterPort, " ", options.rank)]++;
}

}  // namespace

std::chrono::milliseconds timeoutOf(const ProcessGroupOptions& options) {
  return std::chrono::milliseconds(static_cast<int64_t>(options.timeoutSeconds * 1000.0));
}

c10::intrusive_ptr<c10d::Store> openStore(const ProcessGroupOptions& options) {
  c10d::TCPStoreOptions store;
  store.port = static_cast<uint16_t>(options.masterPort);
  store.isServer = options.rank == 0 && !options.launcherListens;
  store.numWorkers = options.size;
  store.timeout = timeoutOf(options);
  // LibTorch's server on libuv would call Node's libuv: both export the same names, and the
  // program's come first.
  store.useLibUV = false;
  return c10::make_intrusive<c10d::PrefixStore>(
      c10::str("fewsound/", countJoin(options)),
      c10::make_intrusive<c10d::TCPStore>(options.masterAddress, store));
}

}  // namespace fewsound
