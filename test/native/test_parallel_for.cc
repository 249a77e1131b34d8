#include <ATen/Parallel.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "native/parallel_for.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

/// How often each index of [0, 100) is visited by a loop over [begin, end).
std::vector<int> visits(int64_t begin, int64_t end, int64_t grain) {
  std::vector<int> count(100);
  parallelFor(begin, end, grain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) ++count[i];
  });
  return count;
}

}  // namespace

TEST(everyIndexIsVisitedOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    at::set_num_threads(threads);
    for (const int64_t grain : {1, 3, 40, 1000}) {
      for (const int64_t begin : {0, 7, 99, 100}) {
        std::vector<int> expected(100);
        for (int64_t i = begin; i < 100; ++i) expected[i] = 1;
        CHECK(visits(begin, 100, grain) == expected);
      }
    }
  }
}

TEST(aLoopRunsOnSeveralThreads) {
  at::set_num_threads(4);
  std::vector<std::thread::id> ran(4);
  parallelFor(0, 4, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) ran[i] = std::this_thread::get_id();
  });
  CHECK(ran[0] != ran[3]);
}

TEST(aLoopWithinALoopRunsOnItsThread) {
  at::set_num_threads(2);
  std::vector<int> stretches(2);
  parallelFor(0, 2, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      parallelFor(0, 10, 1, [&](int64_t, int64_t) { ++stretches[i]; });
    }
  });
  CHECK(stretches == (std::vector<int>{1, 1}));
}

TEST(whatTheWorkThrowsIsThrownOn) {
  at::set_num_threads(2);
  const auto work = [](int64_t, int64_t last) {
    if (last == 10) throw std::runtime_error("the last stretch failed");
  };
  CHECK_THROWS(parallelFor(0, 10, 1, work), "the last stretch failed");
}
