#pragma once

namespace fewsound {

/// Holds this thread to a number of threads until the end of its scope; 0: as many as it has. Other
/// threads, and those that begin meanwhile, keep theirs, which at::set_num_threads would not leave
/// them: its number is that of every thread to come.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  bool limited_;
  int before_;
  int mklBefore_ = 0;  // 0: MKL follows OpenMP
};

}  // namespace fewsound
