#pragma once

#include <cstdint>

namespace fewsound::cuda {

/// Dynamic shared memory that a block of the current device may have, in bytes.
int64_t sharedMemoryLimit();

}  // namespace fewsound::cuda
