#pragma once

#include <ATen/Parallel.h>

namespace fewsound {

/// Holds this thread to a number of threads until the end of its scope; 0: LibTorch's default.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) : before_(at::get_num_threads()), limited_(threads > 0) {
    if (limited_) at::set_num_threads(threads);
  }
  ~ThreadLimit() {
    if (limited_) at::set_num_threads(before_);
  }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
  bool limited_;
};

}  // namespace fewsound
