#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "native/distributed/process_group.h"

namespace fewsound::binding {

/// A process group in JavaScript's hands. A job that uses it holds `group` and a `GroupUse`.
struct ProcessGroupHandle {
  static constexpr napi_type_tag kTag{0x2ac61f9d7b0e4583, 0x8de3705b94f1c62a};
  std::shared_ptr<ProcessGroup> group;
  std::shared_ptr<std::atomic<bool>> busy = std::make_shared<std::atomic<bool>>(false);
};

/// A process group in use by a job. While it is, no other may start: ranks would meet in different
/// operations.
class GroupUse {
 public:
  /// Throws where the group is in use.
  explicit GroupUse(const ProcessGroupHandle& handle);
  ~GroupUse() { end(); }
  GroupUse(const GroupUse&) = delete;
  GroupUse& operator=(const GroupUse&) = delete;

  /// Gives the group back. A second time does nothing.
  void end();

 private:
  std::shared_ptr<std::atomic<bool>> busy_;
};

}  // namespace fewsound::binding
