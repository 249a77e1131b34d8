#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>

#include "native/distributed/process_group.h"

namespace fewsound {

std::chrono::milliseconds timeoutOf(const ProcessGroupOptions& options);

/// The store in which the ranks tell each other their addresses; rank 0 serves it, unless the
/// launcher does. Keys are apart for each group that this rank joins at that address.
c10::intrusive_ptr<c10d::Store> openStore(const ProcessGroupOptions& options);

}  // namespace fewsound
