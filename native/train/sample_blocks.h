#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

/// Which samples of a recording each step learns from: blocks in a row of samples, of which every
/// epoch has each at most once, in an order of its own and beginning elsewhere in the recording
/// (the last samples go on at the first); it has all where a step's number of blocks divides
/// theirs, and others are left out in every epoch where it does not. What a step has depends on its
/// number alone: a fit that is resumed goes on with the same.
class SampleBlocks {
 public:
  static constexpr int64_t kLength = 2048;

  /// share of the recording, above 0 and at most 1; length of a block.
  SampleBlocks(int64_t samples, double share, int64_t length = kLength);

  /// Whether every step has the whole recording: also where it is too short for blocks.
  bool areWhole() const { return perStep_ >= blocks_; }
  int64_t length() const { return length_; }
  /// Blocks of a step.
  int64_t perStep() const { return perStep_; }
  /// The samples of a step, [perStep · length], int64 on the CPU.
  at::Tensor positions(int64_t step) const;

 private:
  int64_t samples_;
  int64_t length_;
  int64_t blocks_;  // in an epoch
  int64_t perStep_;
};

}  // namespace fewsound
