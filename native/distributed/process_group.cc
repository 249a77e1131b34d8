#include "native/distributed/process_group.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>
#include <string_view>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <utility>

#include "native/distributed/gloo_backend.h"
#include "native/distributed/nccl_backend.h"
#include "native/distributed/rendezvous.h"

namespace fewsound {
namespace {

using Clock = std::chrono::steady_clock;

enum Operation : int64_t { kJoin, kMean, kBroadcast, kSum, kAny, kBarrier, kClose };
constexpr std::array<const char*, 7> kOperationNames{"join", "mean",    "broadcast", "sum",
                                                     "any",  "barrier", "close"};

const char* nameOf(int64_t operation) {
  const bool known = operation >= 0 && operation < static_cast<int64_t>(kOperationNames.size());
  return known ? kOperationNames[operation] : "an operation of another version";
}

void check(const ProcessGroupOptions& options) {
  constexpr int kMostRanks = 65'536;
  constexpr int kLastPort = 65'535;
  constexpr double kMostSeconds = 86'400.0;
  TORCH_CHECK_VALUE(options.size >= 1 && options.size <= kMostRanks, "size is ", options.size,
                    "; expected a number of ranks from 1 to ", kMostRanks);
  TORCH_CHECK_VALUE(options.rank >= 0 && options.rank < options.size, "rank is ", options.rank,
                    "; expected 0 to ", options.size - 1, ", as there are ", options.size);
  TORCH_CHECK_VALUE(!options.masterAddress.empty(),
                    "masterAddress is empty; expected the name or address of rank 0's machine");
  TORCH_CHECK_VALUE(options.masterPort >= 1 && options.masterPort <= kLastPort, "masterPort is ",
                    options.masterPort, "; expected 1 to ", kLastPort);
  TORCH_CHECK_VALUE(options.timeoutSeconds >= 0.1 && options.timeoutSeconds <= kMostSeconds,
                    "timeoutSeconds is ", options.timeoutSeconds, "; expected 0.1 to ",
                    kMostSeconds);
  TORCH_CHECK_VALUE(options.backend == "gloo" || options.backend == "nccl", "backend is ",
                    options.backend, "; expected gloo or nccl");
  TORCH_CHECK_VALUE(options.localRank >= 0 && options.localRank < 128, "localRank is ",
                    options.localRank, "; expected the number of a CUDA device");
}

/// A digest of dtypes and sizes.
int64_t layoutOf(const std::vector<at::Tensor>& tensors) {
  uint64_t digest = 14695981039346656037ULL;  // FNV-1a
  const auto add = [&](int64_t value) {
    digest = (digest ^ static_cast<uint64_t>(value)) * 1099511628211ULL;
  };
  for (const at::Tensor& tensor : tensors) {
    add(static_cast<int64_t>(tensor.scalar_type()));
    add(tensor.dim());
    for (const int64_t size : tensor.sizes()) add(size);
  }
  return static_cast<int64_t>(digest);
}

void checkTensors(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK_VALUE(tensor.defined() && tensor.layout() == at::kStrided,
                      "expected dense tensors");
  }
}

/// What Gloo, NCCL or the store said, on one line and without the place in its source.
std::string reasonOf(std::string_view message) {
  std::string_view line = message.substr(0, message.find('\n'));
  constexpr std::string_view kConnecting = "Gloo connectFullMesh failed with ";
  if (line.starts_with(kConnecting)) line.remove_prefix(kConnecting.size());
  const size_t place = line.find("] ");
  if (line.starts_with('[') && place != std::string_view::npos) line.remove_prefix(place + 2);
  while (!line.empty() && (line.back() == '.' || line.back() == ' ')) line.remove_suffix(1);
  return std::string(line);
}

bool mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

bool isTimeout(const std::string& reason) {
  return mentions(reason, {"imed out", "imeout", "failed to recv, got 0 bytes"});
}

/// Whether it is for the other ranks to tell what happened.
bool comesFromOthers(const std::exception& error) {
  if (dynamic_cast<const ProcessGroupError*>(&error) != nullptr ||
      dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return false;
  }
  // Gloo's own exceptions are not LibTorch's.
  return dynamic_cast<const c10::Error*>(&error) == nullptr ||
         dynamic_cast<const c10::DistError*>(&error) != nullptr;
}

std::string messageOf(const std::exception& error) {
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  return torch != nullptr ? torch->msg() : error.what();
}

std::string remedyFor(const std::string& reason, bool joining, const ProcessGroupOptions& options) {
  if (mentions(reason, {"EADDRINUSE", "ddress already in use"})) {
    return c10::str("Something else, such as another run, listens on port ", options.masterPort,
                    " of this machine; use another port (MASTER_PORT) on all ranks");
  }
  if (joining) {
    return c10::str("Check that all ", options.size,
                    " ranks are running with the same MASTER_ADDR (", options.masterAddress,
                    "), MASTER_PORT (", options.masterPort,
                    ") and WORLD_SIZE, each with a RANK of its own, and that their machines reach "
                    "each other; or allow more than ",
                    options.timeoutSeconds, " s (timeoutSeconds)");
  }
  if (isTimeout(reason)) {
    return "Another rank hangs, is much slower or unreachable: check its output, restart all ranks "
           "from the last checkpoint, or allow more time (timeoutSeconds)";
  }
  return "Another rank has ended or failed: its own output says why. Restart all ranks from the "
         "last checkpoint";
}

}  // namespace

ProcessGroup::ProcessGroup(ProcessGroupOptions options) : options_(std::move(options)) {}

ProcessGroup::~ProcessGroup() { disconnect(); }

std::shared_ptr<ProcessGroup> ProcessGroup::join(const ProcessGroupOptions& options) {
  check(options);
  std::shared_ptr<ProcessGroup> group(new ProcessGroup(options));
  const Clock::time_point start = Clock::now();
  try {
    group->connect();
    // Only when all ranks are through may rank 0 go on: it could leave, and the store with it.
    group->agree({.operation = kJoin});
  } catch (const c10::ValueError&) {
    throw;  // NCCL where there is none
  } catch (const std::exception& error) {
    group->fail(kJoin, start, error);
  }
  return group;
}

void ProcessGroup::connect() {
  const auto store = openStore(options_);
  control_ = makeGlooBackend(store, options_.rank, options_.size, timeoutOf(options_));
  at::Device device = at::kCPU;
  data_ = control_;
  if (options_.backend == "nccl") {
    device = at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(options_.localRank));
    data_ =
        makeNcclBackend(store, options_.rank, options_.size, device.index(), timeoutOf(options_));
  }
  buckets_ = std::make_unique<FlatBuckets>(device);
}

bool ProcessGroup::open() const {
  const std::unique_lock turn(mutex_, std::try_to_lock);
  return !turn.owns_lock() || control_ != nullptr;
}

void ProcessGroup::run(const Call& call, const std::function<void()>& work) {
  const std::unique_lock turn(mutex_, std::try_to_lock);
  const char* name = nameOf(call.operation);
  if (!turn.owns_lock()) {
    throw ProcessGroupError(c10::str("rank ", rank(), " of ", size(), ": ", name,
                                     " was called during another operation of the process group; "
                                     "wait for that one first"));
  }
  if (control_ == nullptr) throw ProcessGroupError(ended_);
  const Clock::time_point start = Clock::now();
  try {
    agree(call);
    work();
  } catch (const std::exception& error) {
    fail(call.operation, start, error);
  }
}

void ProcessGroup::agree(const Call& call) {
  const at::Tensor mine =
      at::tensor({call.operation, call.count, call.detail, call.root}, at::kLong);
  const at::Tensor all = at::empty({size(), mine.numel()}, at::kLong);
  std::vector<std::vector<at::Tensor>> outputs{all.unbind(0)};
  std::vector<at::Tensor> inputs{mine};
  control_->allgather(outputs, inputs)->wait();
  for (int other = 0; other < size(); ++other) {
    const int64_t* theirs = all.const_data_ptr<int64_t>() + other * mine.numel();
    if (theirs[0] != call.operation) {
      throw ProcessGroupError(c10::str("rank ", other, " is in ", nameOf(theirs[0]), " and rank ",
                                       rank(), " in ", nameOf(call.operation),
                                       "; all ranks must call the same operations in the same "
                                       "order"));
    }
    if (!std::equal(theirs, theirs + mine.numel(), mine.const_data_ptr<int64_t>())) {
      throw ProcessGroupError(
          c10::str("rank ", other, " gives ", theirs[1], " and rank ", rank(), " gives ",
                   call.count, call.operation == kSum ? " numbers" : " tensors",
                   theirs[1] != call.count  ? "; expected as many on every rank"
                   : theirs[3] != call.root ? ", with different roots"
                                            : ", with different shapes or dtypes"));
    }
  }
}

void ProcessGroup::fail(int64_t operation, Clock::time_point start, const std::exception& error) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const std::string reason = reasonOf(messageOf(error));
  std::ostringstream text;
  text << "rank " << rank() << " of " << size() << ": " << nameOf(operation) << " failed after "
       << std::fixed << std::setprecision(1) << seconds << " s: " << reason;
  if (comesFromOthers(error) || operation == kJoin) {
    text << ". " << remedyFor(reason, operation == kJoin, options_);
  }
  disconnect();
  ended_ = c10::str("the process group has already ended: ", text.str());
  throw ProcessGroupError(text.str());
}

void ProcessGroup::disconnect() {
  buckets_.reset();
  // NCCL waits for what will never come unless it is told to give up.
  if (data_ != nullptr && data_ != control_) data_->abort();
  data_.reset();
  control_.reset();
  ended_ = "the process group is closed";
}

void ProcessGroup::allReduceMean(const std::vector<at::Tensor>& tensors) {
  checkTensors(tensors);
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK_VALUE(tensor.is_floating_point() || tensor.is_complex(), "the mean of ",
                      tensor.dtype(), " is none; expected floating point or complex tensors");
  }
  run({kMean, static_cast<int64_t>(tensors.size()), layoutOf(tensors)}, [&] {
    buckets_->run(tensors, [&](at::Tensor& flat) -> std::function<void()> {
      std::vector<at::Tensor> list{flat};
      return [work = data_->allreduce(list), flat, this] {
        work->wait();
        flat.div_(size());
      };
    });
  });
}

void ProcessGroup::broadcast(const std::vector<at::Tensor>& tensors, int root) {
  checkTensors(tensors);
  TORCH_CHECK_VALUE(root >= 0 && root < size(), "root is ", root, "; expected a rank from 0 to ",
                    size() - 1);
  run({kBroadcast, static_cast<int64_t>(tensors.size()), layoutOf(tensors), root}, [&] {
    buckets_->run(tensors, [&](at::Tensor& flat) -> std::function<void()> {
      // As bytes: Gloo does not know every dtype.
      std::vector<at::Tensor> list{flat.view(at::kByte)};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      return [work = data_->broadcast(list, options)] { work->wait(); };
    });
  });
}

std::vector<double> ProcessGroup::allReduceSum(const std::vector<double>& values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> sums(values.size(), 0.0);
  run({kSum, count}, [&] {
    if (count == 0) return;
    // Gathered and added here: in the ranks' order, whatever the number of values.
    at::Tensor mine = at::empty({count}, at::kDouble);
    std::copy(values.begin(), values.end(), mine.mutable_data_ptr<double>());
    const at::Tensor all = at::empty({size(), count}, at::kDouble);
    std::vector<std::vector<at::Tensor>> outputs{all.unbind(0)};
    std::vector<at::Tensor> inputs{mine};
    control_->allgather(outputs, inputs)->wait();
    const double* row = all.const_data_ptr<double>();
    for (int other = 0; other < size(); ++other, row += count) {
      for (int64_t i = 0; i < count; ++i) sums[i] += row[i];
    }
  });
  return sums;
}

bool ProcessGroup::any(bool flag) {
  bool result = flag;
  run({kAny}, [&] {
    at::Tensor raised = at::full({1}, flag ? 1 : 0, at::kInt);
    std::vector<at::Tensor> list{raised};
    c10d::AllreduceOptions options;
    options.reduceOp = c10d::ReduceOp::MAX;
    control_->allreduce(list, options)->wait();
    result = *raised.const_data_ptr<int>() != 0;
  });
  return result;
}

void ProcessGroup::barrier() {
  // To agree on it is to be there.
  run({kBarrier}, [] {});
}

void ProcessGroup::close() {
  if (!open()) return;
  try {
    run({kClose}, [] {});
  } catch (const ProcessGroupError&) {
    // The others are gone or in trouble of their own; theirs to tell. Of this rank nothing is lost.
    if (open()) throw;
  }
  leave();
}

void ProcessGroup::leave() {
  const std::unique_lock turn(mutex_, std::try_to_lock);
  if (turn.owns_lock() && control_ != nullptr) disconnect();
}

}  // namespace fewsound
