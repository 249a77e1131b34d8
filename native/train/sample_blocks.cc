#include "native/train/sample_blocks.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace fewsound {

SampleBlocks::SampleBlocks(int64_t samples, double share, int64_t length)
    : samples_(samples),
      length_(length),
      blocks_(std::max<int64_t>(1, samples / length)),
      perStep_(
          std::clamp<int64_t>(std::llround(share * static_cast<double>(blocks_)), 1, blocks_)) {}

at::Tensor SampleBlocks::positions(int64_t step) const {
  const int64_t stepsPerEpoch = blocks_ / perStep_;
  // The generator's numbers are the standard's; what distributions make of them is a library's own.
  std::mt19937_64 random(static_cast<uint64_t>(step / stepsPerEpoch));
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
  };
  const int64_t first = below(samples_);
  std::vector<int64_t> order(static_cast<size_t>(blocks_));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = blocks_ - 1; i > 0; --i) {
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(below(i + 1))]);
  }
  const auto* const own = order.data() + (step % stepsPerEpoch) * perStep_;
  const at::Tensor positions = at::empty({perStep_ * length_}, at::kLong);
  auto* position = positions.mutable_data_ptr<int64_t>();
  for (int64_t block = 0; block < perStep_; ++block) {
    const int64_t begin = first + own[block] * length_;
    for (int64_t i = 0; i < length_; ++i) *position++ = (begin + i) % samples_;
  }
  return positions;
}

}  // namespace fewsound
