#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace fewsound {

/// A Nuttall window, symmetric.
inline std::vector<double> nuttall(int64_t length) {
  std::vector<double> window;
  for (int64_t i = 0; i < length; ++i) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length - 1);
    window.push_back(0.355768 - 0.487396 * std::cos(angle) + 0.144232 * std::cos(2.0 * angle) -
                     0.012604 * std::cos(3.0 * angle));
  }
  return window;
}

}  // namespace fewsound
