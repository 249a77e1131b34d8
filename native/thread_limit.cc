#include "native/thread_limit.h"

#include <ATen/Parallel.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/// MKL's, where LibTorch has it: returns what this thread had. LibTorch gives threads that begin
/// after at::set_num_threads a number of MKL's own, which OpenMP's would not change.
extern "C" __attribute__((weak)) int MKL_Set_Num_Threads_Local(int threads);

namespace fewsound {
namespace {

/// LibTorch's loops and ours, and at::get_num_threads, take OpenMP's number for the thread.
void setOpenMpThreads([[maybe_unused]] int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

int setMklThreads(int threads) {
  return MKL_Set_Num_Threads_Local == nullptr ? 0 : MKL_Set_Num_Threads_Local(threads);
}

}  // namespace

ThreadLimit::ThreadLimit(int threads) : limited_(threads > 0), before_(at::get_num_threads()) {
  if (!limited_) return;
  // A thread's first parallel loop sets it up, which would undo the limit: in LibTorch, where
  // asking for the number does it as well, and once more in us, where the loops are compiled again.
  at::internal::lazy_init_num_threads();
  setOpenMpThreads(threads);
  mklBefore_ = setMklThreads(threads);
}

ThreadLimit::~ThreadLimit() {
  if (!limited_) return;
  setOpenMpThreads(before_);
  setMklThreads(mklBefore_);
}

}  // namespace fewsound
