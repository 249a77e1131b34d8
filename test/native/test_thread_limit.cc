#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <atomic>
#include <thread>

#include "native/parallel_for.h"
#include "native/thread_limit.h"
#include "test/native/check.h"

using namespace fewsound;

extern "C" __attribute__((weak)) int MKL_Get_Max_Threads();

namespace {

int onAThreadOfItsOwn(int (*count)()) {
  int counted = 0;
  std::thread([&] { counted = count(); }).join();
  return counted;
}

int mklThreads() { return MKL_Get_Max_Threads == nullptr ? 0 : MKL_Get_Max_Threads(); }

int stretches() {
  std::atomic<int> count{0};
  parallelFor(0, 100, 1, [&](int64_t, int64_t) { ++count; });
  return count;
}

}  // namespace

TEST(theThreadHasItsLimitAndThenWhatItHad) {
  at::set_num_threads(3);
  {
    const ThreadLimit limit(2);
    CHECK(at::get_num_threads() == 2);
    CHECK(stretches() == 2);
    {
      const ThreadLimit alone(1);
      CHECK(at::get_num_threads() == 1);
      CHECK(stretches() == 1);
      const ThreadLimit none(0);
      CHECK(at::get_num_threads() == 1);
    }
    CHECK(at::get_num_threads() == 2);
  }
  CHECK(at::get_num_threads() == 3);
  CHECK(stretches() == 3);
}

TEST(aThreadThatBeginsMeanwhileHasItsOwnNumber) {
  at::set_num_threads(3);
  const ThreadLimit limit(1);
  CHECK(onAThreadOfItsOwn(at::get_num_threads) == 3);
  CHECK(onAThreadOfItsOwn(stretches) == 3);
}

// Two limits that overlap end in the order they began in.
TEST(limitsOfSeveralThreadsLeaveNothingBehind) {
  at::set_num_threads(3);
  std::atomic<int> stage{0};
  const auto reach = [&](int next) {
    stage = next;
    stage.notify_all();
  };
  const auto waitFor = [&](int wanted) {
    for (int now = stage; now < wanted; now = stage) stage.wait(now);
  };
  int first = 0;
  int second = 0;
  std::thread one([&] {
    {
      const ThreadLimit limit(1);
      reach(1);
      waitFor(2);
    }
    first = at::get_num_threads();
    reach(3);
  });
  std::thread other([&] {
    waitFor(1);
    {
      const ThreadLimit limit(1);
      reach(2);
      waitFor(3);
    }
    second = at::get_num_threads();
  });
  one.join();
  other.join();
  CHECK(first == 3 && second == 3);
  CHECK(at::get_num_threads() == 3);
  CHECK(onAThreadOfItsOwn(at::get_num_threads) == 3);
}

TEST(mklHasTheSameLimit) {
  if (MKL_Get_Max_Threads == nullptr) return;
  at::set_num_threads(2);
  std::thread([] {
    const int before = (at::get_num_threads(), mklThreads());
    {
      const ThreadLimit limit(1);
      CHECK(mklThreads() == 1);
    }
    CHECK(mklThreads() == before);
  }).join();
}
