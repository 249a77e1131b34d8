// LibTorch's libraries hold Gloo and export c10d::ProcessGroupGloo, and its headers declare that
// class, but they include headers of Gloo, which LibTorch does not ship. There is no other way in:
// no factory in libtorch_cpu makes this backend (the one that PyTorch uses is compiled into its
// Python module), and the operators of the dispatcher work on a group that exists.
//
// So `gloo_declarations`, on the include path of this file alone, declares the five types that the
// header names. It holds all of them behind pointers, so neither the size of ProcessGroupGloo nor
// any function of it depends on what Gloo's own headers say; nothing here derives from them, makes
// or calls one, so no code and no table of virtual functions for them is compiled here. What the
// class looks like comes from LibTorch's own header of the very version that is linked, and
// `requireKnownLayout` looks at each group that is made.

#include "native/distributed/gloo_backend.h"

// The header is empty without this; LibTorch itself is built with it.
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <type_traits>

namespace fewsound {
namespace {

using c10d::ProcessGroupGloo;

static_assert(std::is_base_of_v<c10d::Backend, ProcessGroupGloo>);

/// Never made: it may name members that are not public.
struct Members : ProcessGroupGloo {
  static constexpr auto contexts = &Members::contexts_;
  static constexpr auto threads = &Members::threads_;
  static constexpr auto last = &Members::pgStatus_;
};

/// The library's constructor has written these members; each must be where this file takes it to
/// be, down to the last one.
void requireKnownLayout(ProcessGroupGloo& group, const ProcessGroupGloo::Options& options) {
  const bool known = group.getOptions().get() == &options &&
                     (group.*Members::contexts).size() == options.devices.size() &&
                     (group.*Members::threads).size() == static_cast<size_t>(options.threads) &&
                     (group.*Members::last).use_count() == 1;
  TORCH_INTERNAL_ASSERT(known, "c10d::ProcessGroupGloo of this LibTorch is not as its header says");
}

}  // namespace

c10::intrusive_ptr<c10d::Backend> makeGlooBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                  int rank, int size,
                                                  std::chrono::milliseconds timeout) {
  auto options = ProcessGroupGloo::Options::create_default(timeout);
  auto group = c10::make_intrusive<ProcessGroupGloo>(store, rank, size, options);
  requireKnownLayout(*group, *options);
  return group;
}

}  // namespace fewsound
