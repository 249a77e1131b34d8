#pragma once

#include <ATen/Parallel.h>

#include <cstdint>
#if defined(__SANITIZE_THREAD__)
#include <algorithm>
#include <exception>
#include <thread>
#include <vector>
#endif

namespace fewsound {

#if !defined(__SANITIZE_THREAD__)

/// Calls work(first, last) for stretches of [begin, end), side by side on as many threads as
/// LibTorch uses and no more than there are grains; within such a stretch, once for all. What the
/// work throws is thrown on.
///
/// All our parallel loops go through here, so that ThreadSanitizer can follow them.
template <typename Work>
void parallelFor(int64_t begin, int64_t end, int64_t grain, const Work& work) {
  at::parallel_for(begin, end, grain, work);
}

#else

/// The same stretches for ThreadSanitizer. It does not see into libgomp: its barriers are none to
/// it, and every loop would look like a race. The standard library's threads it follows from fork
/// to join, so that what it reports is in the work.
template <typename Work>
void parallelFor(int64_t begin, int64_t end, int64_t grain, const Work& work) {
  if (begin >= end) return;
  const bool nested = c10::ParallelGuard::is_enabled() || at::in_parallel_region();
  const int64_t grains = at::divup(end - begin, std::max<int64_t>(grain, 1));
  const int64_t threads = nested ? 1 : std::min<int64_t>(at::get_num_threads(), grains);
  const int64_t length = at::divup(end - begin, threads);
  std::vector<std::exception_ptr> failures(threads);
  const auto stretch = [&](int64_t thread) {
    const c10::ParallelGuard parallel(true);
    const int64_t first = begin + thread * length;
    try {
      if (first < end) work(first, std::min(first + length, end));
    } catch (...) {
      failures[thread] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int64_t thread = 1; thread < threads; ++thread) others.emplace_back(stretch, thread);
  stretch(0);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

#endif

}  // namespace fewsound
