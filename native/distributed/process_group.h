#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "native/distributed/flat_buckets.h"

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace fewsound {

struct ProcessGroupOptions {
  int rank = 0;
  int size = 1;
  /// Where the ranks find each other: the machine of rank 0, which listens at that port.
  std::string masterAddress;
  int masterPort = 29500;
  /// Whether the program that started the ranks listens there instead, as torchrun does.
  bool launcherListens = false;
  /// How long to wait for the other ranks, when joining and in every operation.
  double timeoutSeconds = 30.0;
  /// "gloo", or "nccl" for tensors on CUDA devices.
  std::string backend = "gloo";
  /// This rank's CUDA device, for NCCL.
  int localRank = 0;
};

/// What ends a process group: a rank that is gone, hangs or does something else than this one.
class ProcessGroupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Processes that train one model on parts of each batch, through LibTorch's c10d. Every operation
/// is one that all ranks call, in the same order and with like arguments; the ranks compare what
/// they call before any data moves, so a difference is an error on all of them. Results are the
/// same on every rank, bit for bit.
///
/// Operations wait for the other ranks: call them on a thread that may. One at a time; a second
/// thread gets an error. The first that fails ends the group for this rank, which closes its
/// connections, and so for the others.
class ProcessGroup {
 public:
  /// Waits until all ranks are there.
  static std::shared_ptr<ProcessGroup> join(const ProcessGroupOptions& options);

  /// Closes the connections at once. What the others still wait for from this rank fails there.
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return options_.rank; }
  int size() const { return options_.size; }
  const std::string& backend() const { return options_.backend; }
  bool open() const;

  /// The mean over the ranks of each tensor, in place: floating point or complex, the same shapes
  /// and dtypes on every rank.
  void allReduceMean(const std::vector<at::Tensor>& tensors);
  /// Writes root's tensors into those of the others: the same shapes and dtypes on every rank.
  void broadcast(const std::vector<at::Tensor>& tensors, int root);
  /// The sum over the ranks of each number, in the ranks' order.
  std::vector<double> allReduceSum(const std::vector<double>& values);
  /// Whether any rank says so: for agreeing on when to stop.
  bool any(bool flag);
  /// Returns when all ranks are here.
  void barrier();

  /// Waits for the others to come to their `close`, so that nothing of theirs is cut off, and
  /// closes the connections. Throws nothing where they are gone already.
  void close();
  /// Closes the connections at once, unless an operation is running.
  void leave();

 private:
  /// What the ranks compare before an operation.
  struct Call {
    int64_t operation = 0;
    int64_t count = 0;
    int64_t detail = 0;  // a digest of shapes and dtypes
    int64_t root = 0;
  };

  explicit ProcessGroup(ProcessGroupOptions options);
  void connect();
  void run(const Call& call, const std::function<void()>& work);
  void agree(const Call& call);
  [[noreturn]] void fail(int64_t operation, std::chrono::steady_clock::time_point start,
                         const std::exception& error);
  void disconnect();

  const ProcessGroupOptions options_;
  mutable std::mutex mutex_;  // held by the operation that runs
  // Gloo: what the ranks agree on, on the CPU, and what says that one is gone.
  c10::intrusive_ptr<c10d::Backend> control_;
  // What moves tensors: Gloo again, or NCCL.
  c10::intrusive_ptr<c10d::Backend> data_;
  std::unique_ptr<FlatBuckets> buckets_;
  std::string ended_;  // why there are no connections
};

}  // namespace fewsound
