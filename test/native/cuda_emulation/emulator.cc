#include <ucontext.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "test/native/cuda_emulation/cuda_runtime.h"

#if defined(FEWSOUND_RACE_CHECK)
#include <sanitizer/tsan_interface.h>
#endif

namespace fewsound::cuda {
/// The dynamic shared memory of the block that runs.
extern unsigned char blockMemory[];
alignas(32) unsigned char blockMemory[256 * 1024];
}  // namespace fewsound::cuda

namespace fewsound::test {
namespace {

constexpr unsigned kWarp = 32;
constexpr size_t kStack = size_t{64} * 1024;
constexpr unsigned char kFill = 0xff;  // four or eight of them are a NaN

// What ThreadSanitizer is told: fibers are threads, and a barrier puts what came before it, in any
// of them, before what comes after it.
#if defined(FEWSOUND_RACE_CHECK)
void* newThread() { return __tsan_create_fiber(0); }
void* thisThread() { return __tsan_get_current_fiber(); }
void switchTo(void* thread) { __tsan_switch_to_fiber(thread, __tsan_switch_to_fiber_no_sync); }
void arrive(void* barrier) { __tsan_release(barrier); }
void leave(void* barrier) { __tsan_acquire(barrier); }
#else
void* newThread() { return nullptr; }
void* thisThread() { return nullptr; }
void switchTo(void*) {}
void arrive(void*) {}
void leave(void*) {}
#endif

/// Threads that wait for each other. Two phases, so that nobody who is ahead is taken for one of
/// those whom the others still leave with.
struct Barrier {
  unsigned members = 0;
  unsigned waiting = 0;
  unsigned phase = 0;
  std::array<char, 2> clock{};
};

struct Fiber {
  ucontext_t context{};
  std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStack);
  // Of ThreadSanitizer: one for all blocks, since making one takes it longer than a block runs.
  void* thread = newThread();
  bool done = false;
};

/// The block that runs, and the fibers of its threads.
struct Block {
  std::vector<Fiber> fibers;
  std::vector<unsigned> order;  // in which the fibers take turns
  Barrier all;
  std::vector<Barrier> warps;
  std::vector<std::array<uint64_t, kWarp>> slots;  // what lanes show each other
  const std::function<void()>* body = nullptr;
  unsigned running = 0;
  char beginning = 0;  // what the host did is before everything in a block,
  char end = 0;        // and that before everything that the host does then
  ucontext_t scheduler{};
  void* schedulerThread = nullptr;
};

Block block;

void enter() {
  leave(&block.beginning);
  (*block.body)();
  Fiber& self = block.fibers[block.running];
  self.done = true;
  arrive(&block.end);
  switchTo(block.schedulerThread);
  setcontext(&block.scheduler);
}

void pass() {
  Fiber& self = block.fibers[block.running];
  switchTo(block.schedulerThread);
  swapcontext(&self.context, &block.scheduler);
}

void wait(Barrier& barrier) {
  const unsigned phase = barrier.phase;
  char* const clock = &barrier.clock[phase % 2];
  arrive(clock);
  if (++barrier.waiting == barrier.members) {
    barrier.waiting = 0;
    ++barrier.phase;
  }
  while (barrier.phase == phase) pass();
  leave(clock);
}

void runBlock(unsigned threads, std::mt19937& random) {
  block.all = {.members = threads};
  block.warps.assign((threads + kWarp - 1) / kWarp, {});
  block.slots.resize(block.warps.size());
  block.schedulerThread = thisThread();
  block.order.resize(threads);
  std::iota(block.order.begin(), block.order.end(), 0U);
  std::shuffle(block.order.begin(), block.order.end(), random);
  while (block.fibers.size() < threads) block.fibers.emplace_back();
  for (unsigned t = 0; t < threads; ++t) {
    ++block.warps[t / kWarp].members;
    Fiber& fiber = block.fibers[t];
    fiber.done = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    makecontext(&fiber.context, enter, 0);
  }
  arrive(&block.beginning);
  for (bool going = true; going;) {
    going = false;
    for (const unsigned t : block.order) {
      Fiber& fiber = block.fibers[t];
      if (fiber.done) continue;
      going = true;
      block.running = t;
      threadIdx = dim3(t, 0, 0);
      switchTo(fiber.thread);
      swapcontext(&block.scheduler, &fiber.context);
    }
  }
  leave(&block.end);
}

}  // namespace

void runGrid(dim3 blocks, dim3 threads, size_t sharedBytes, const std::function<void()>& thread) {
  static std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same in every run
  block.body = &thread;
  blockDim = threads;
  gridDim = blocks;
  for (unsigned z = 0; z < blocks.z; ++z) {
    for (unsigned y = 0; y < blocks.y; ++y) {
      for (unsigned x = 0; x < blocks.x; ++x) {
        blockIdx = dim3(x, y, z);
        std::memset(cuda::blockMemory, kFill, sizeof(cuda::blockMemory));
        runBlock(threads.x, random);
        for (size_t e = sharedBytes; e < sizeof(cuda::blockMemory); ++e) {
          if (cuda::blockMemory[e] == kFill) continue;
          std::fprintf(stderr, "a block wrote past its %zu bytes of shared memory\n", sharedBytes);
          std::abort();
        }
      }
    }
  }
}

void waitForBlock() { wait(block.all); }
void waitForWarp() { wait(block.warps[block.running / kWarp]); }
unsigned emulatedLane() { return block.running % kWarp; }

uint64_t exchange(uint64_t value, unsigned partner) {
  const unsigned warp = block.running / kWarp;
  block.slots[warp][emulatedLane()] = value;
  waitForWarp();
  const uint64_t found = block.slots[warp][partner];
  waitForWarp();
  return found;
}

}  // namespace fewsound::test
