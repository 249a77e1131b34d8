#include <set>

#include "native/memory/block_cache.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

/// Blocks that the cache released; it never looks into one, so numbers stand for them.
std::multiset<int64_t> released;

void* block(int64_t number) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<void*>(number);
}

/// A cache that has released nothing yet.
BlockCache freshCache() {
  released.clear();
  return BlockCache([](void* given) { released.insert(reinterpret_cast<int64_t>(given)); });
}

}  // namespace

TEST(aBlockIsReleasedAtOnceWhereNobodyKeepsThem) {
  BlockCache cache = freshCache();
  cache.add(block(1), 100);
  cache.giveBack(block(1));
  CHECK(released == std::multiset<int64_t>{1});
  CHECK(cache.take(100) == nullptr);
}

TEST(aBlockThatWasNeverAddedIsReleased) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.giveBack(block(7));
  CHECK(released == std::multiset<int64_t>{7});
}

TEST(aKeptBlockServesOneRequestOfItsSize) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.add(block(1), 100);
  cache.add(block(2), 200);
  cache.giveBack(block(1));
  cache.giveBack(block(2));
  CHECK(released.empty());
  CHECK(cache.take(100) == block(1));
  CHECK(cache.take(200) == block(2));
  CHECK(cache.take(100) == nullptr);
}

TEST(keptBlocksAndThoseInUseAreNeverMoreThanWasInUse) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.add(block(1), 100);
  cache.add(block(2), 200);
  cache.giveBack(block(1));
  cache.giveBack(block(2));
  // 300 were in use at once: beside 90 new ones there is room for one of the two.
  CHECK(cache.take(90) == nullptr);
  CHECK(released == std::multiset<int64_t>{1});
  cache.add(block(3), 90);
  CHECK(cache.take(200) == block(2));
}

TEST(theOldestGoesFirst) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.add(block(1), 100);
  cache.add(block(2), 200);
  cache.giveBack(block(2));
  cache.giveBack(block(1));
  CHECK(cache.take(120) == nullptr);
  CHECK(released == std::multiset<int64_t>{2});
  CHECK(cache.take(100) == block(1));
}

TEST(whatIsKeptGoesWithTheLastWhoWantedIt) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.startKeeping();
  cache.add(block(1), 100);
  cache.giveBack(block(1));
  cache.stopKeeping();
  CHECK(released.empty());
  cache.stopKeeping();
  CHECK(released == std::multiset<int64_t>{1});
}

TEST(clearReleasesWhatIsKeptAndLeavesWhatIsInUse) {
  BlockCache cache = freshCache();
  cache.startKeeping();
  cache.add(block(1), 100);
  cache.add(block(2), 200);
  cache.giveBack(block(1));
  cache.clear();
  CHECK(released == std::multiset<int64_t>{1});
  cache.giveBack(block(2));
  CHECK(cache.take(200) == block(2));
}
