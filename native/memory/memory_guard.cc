#include "native/memory/memory_guard.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>

#include "native/memory/block_cache.h"

namespace fewsound {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

/// The number in a file of one number; unlimited where there is none ("max", or no such file).
uint64_t numberIn(const char* path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : kUnlimited;
}

uint64_t machineMemoryLeft() {
  std::ifstream file("/proc/meminfo");
  std::string field;
  uint64_t kilobytes = 0;
  while (file >> field >> kilobytes) {
    if (field == "MemAvailable:") return kilobytes * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return kUnlimited;
}

uint64_t groupMemoryLeft() {
  uint64_t limit = numberIn("/sys/fs/cgroup/memory.max");
  uint64_t used = numberIn("/sys/fs/cgroup/memory.current");
  if (limit == kUnlimited) {
    limit = numberIn("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    used = numberIn("/sys/fs/cgroup/memory/memory.usage_in_bytes");
  }
  if (limit == kUnlimited || used == kUnlimited) return kUnlimited;
  // What is used includes the page cache, which gives way: at the least a quarter is taken to be
  // free.
  return std::max(limit > used ? limit - used : 0, limit / 4);
}

uint64_t memoryLeft() { return std::min(machineMemoryLeft(), groupMemoryLeft()); }

constexpr size_t kLarge = size_t{4} * 1024 * 1024;

BlockCache& blockCache();

/// Lets Linux bring the memory in by pages of 2 MB where it has them: a training step takes and
/// gives back gigabytes, and pages of 4 KB took it a third of its time.
void useHugePages(void* data, size_t bytes) {
#if defined(MADV_HUGEPAGE)
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t end = reinterpret_cast<uintptr_t>(data) + bytes;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the first whole page. Whether it helps is Linux's.
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void requireMemory(size_t bytes) {
  constexpr size_t kWorthLooking = size_t{256} * 1024 * 1024;
  if (bytes < kWorthLooking) return;
  uint64_t left = memoryLeft();
  if (bytes > left) {
    blockCache().clear();
    left = memoryLeft();
  }
  TORCH_CHECK_WITH(OutOfMemoryError, bytes <= left, "not enough memory: ", bytes,
                   " bytes were asked for and ", left, " are available");
}

class GuardedAllocator final : public c10::Allocator {
 public:
  explicit GuardedAllocator(c10::Allocator* inner) : inner_(inner) {}

  c10::DataPtr allocate(size_t bytes) override {
    // Small requests are many, and what is done for large ones takes as long as a small tensor
    // operation.
    if (bytes < kLarge) return inner_->allocate(bytes);
    void* block = blockCache().take(bytes);
    if (block == nullptr) {
      requireMemory(bytes);
      c10::DataPtr memory = inner_->allocate(bytes);
      block = memory.get();
      useHugePages(block, bytes);
      blockCache().add(block, bytes);
      memory.release_context();
    }
    return {block, block, giveBack, at::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return giveBack; }
  bool is_simple_data_ptr(const c10::DataPtr& pointer) const override {
    return pointer.get() == pointer.get_context();
  }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    inner_->copy_data(to, from, bytes);
  }

 private:
  static void giveBack(void* block) { blockCache().giveBack(block); }

  c10::Allocator* inner_;
};

/// LibTorch's own, before the guard.
c10::Allocator* plainAllocator() {
  static c10::Allocator* const allocator = c10::GetCPUAllocator();
  return allocator;
}

/// As the allocator, it is never destroyed.
BlockCache& blockCache() {
  static auto* const cache = new BlockCache(plainAllocator()->raw_deleter());
  return *cache;
}

}  // namespace

void guardMemory() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Storages refer to their allocator until the process ends, so it is never destroyed.
    static auto* const guarded = new GuardedAllocator(plainAllocator());
    c10::SetCPUAllocator(guarded, 1);
  });
}

BlockKeeping::BlockKeeping() { blockCache().startKeeping(); }
BlockKeeping::~BlockKeeping() { blockCache().stopKeeping(); }

}  // namespace fewsound
