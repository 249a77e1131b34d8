#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace fewsound {

/// Large blocks of memory that were given back, for requests of the same size: what a training step
/// gives back the next one takes again, and pages that the system clears and brings in anew cost
/// much of its time. Blocks are kept only while somebody wants it (`BlockKeeping`), and never more
/// than makes up, with those in use, what was in use at once before. Thread safe.
class BlockCache {
 public:
  /// `release` gives a block back to the allocator that it is from.
  explicit BlockCache(c10::DeleterFnPtr release) : release_(release) {}

  /// A kept block of this size; null where there is none, and then there is room for a new one.
  void* take(size_t bytes);
  /// A new block, in use from now on.
  void add(void* block, size_t bytes);
  /// A block is no longer in use, whether it was added or not.
  void giveBack(void* block);

  /// Releases what is kept.
  void clear();

  void startKeeping();
  void stopKeeping();

 private:
  void releaseDownTo(size_t bytes);

  const c10::DeleterFnPtr release_;
  std::mutex mutex_;
  std::unordered_map<void*, size_t> sizes_;  // of blocks in use and of kept ones
  std::deque<void*> kept_;                   // the oldest first
  size_t usedBytes_ = 0;
  size_t keptBytes_ = 0;
  size_t mostUsed_ = 0;  // at once, since somebody wanted blocks to be kept
  int wishes_ = 0;
};

}  // namespace fewsound
