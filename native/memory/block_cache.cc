#include "native/memory/block_cache.h"

#include <algorithm>

namespace fewsound {

void BlockCache::releaseDownTo(size_t bytes) {
  while (keptBytes_ > bytes) {
    void* const oldest = kept_.front();
    kept_.pop_front();
    const auto entry = sizes_.find(oldest);
    keptBytes_ -= entry->second;
    sizes_.erase(entry);
    release_(oldest);
  }
}

void* BlockCache::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(kept_, [&](void* block) { return sizes_.find(block)->second == bytes; });
  if (found != kept_.end()) {
    void* const block = *found;
    kept_.erase(found);
    keptBytes_ -= bytes;
    usedBytes_ += bytes;
    return block;
  }
  const size_t used = usedBytes_ + bytes;
  releaseDownTo(mostUsed_ > used ? mostUsed_ - used : 0);
  return nullptr;
}

void BlockCache::add(void* block, size_t bytes) {
  const std::lock_guard lock(mutex_);
  sizes_.emplace(block, bytes);
  usedBytes_ += bytes;
  mostUsed_ = std::max(mostUsed_, usedBytes_);
}

void BlockCache::giveBack(void* block) {
  const std::lock_guard lock(mutex_);
  const auto entry = sizes_.find(block);
  if (entry != sizes_.end()) {
    usedBytes_ -= entry->second;
    if (wishes_ > 0) {
      keptBytes_ += entry->second;
      kept_.push_back(block);
      return;
    }
    sizes_.erase(entry);
  }
  release_(block);
}

void BlockCache::clear() {
  const std::lock_guard lock(mutex_);
  releaseDownTo(0);
}

void BlockCache::startKeeping() {
  const std::lock_guard lock(mutex_);
  if (wishes_++ == 0) mostUsed_ = usedBytes_;
}

void BlockCache::stopKeeping() {
  const std::lock_guard lock(mutex_);
  if (--wishes_ == 0) releaseDownTo(0);
}

}  // namespace fewsound
