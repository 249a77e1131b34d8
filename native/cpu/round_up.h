#pragma once

#include <cstdint>

namespace fewsound::cpu {

/// The least multiple of a step that is no less than a number.
constexpr int64_t roundUp(int64_t number, int64_t step) {
  return (number + step - 1) / step * step;
}

}  // namespace fewsound::cpu
