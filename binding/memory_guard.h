#pragma once

namespace fewsound::binding {

/// Puts a guard before LibTorch's CPU allocator, once for the process: a request beyond the memory
/// that the machine (or its control group) has left throws c10::OutOfMemoryError. Linux would grant
/// it and kill the process when the memory is written.
void guardMemory();

}  // namespace fewsound::binding
