#pragma once

namespace fewsound {

/// Puts a guard before LibTorch's CPU allocator, once for the process: a request beyond the memory
/// that the machine (or its control group) has left throws c10::OutOfMemoryError. Linux would grant
/// it and kill the process when the memory is written.
void guardMemory();

/// While one of these is there, large blocks that tensors give back are kept for others of the same
/// size: a training step takes again what the one before it gave back.
class BlockKeeping {
 public:
  BlockKeeping();
  ~BlockKeeping();
  BlockKeeping(const BlockKeeping&) = delete;
  BlockKeeping& operator=(const BlockKeeping&) = delete;
};

}  // namespace fewsound
