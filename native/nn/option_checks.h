#pragma once

#include <c10/util/Exception.h>

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fewsound {

inline void checkRange(std::string_view option, int64_t value, int64_t least, int64_t most) {
  TORCH_CHECK_VALUE(value >= least && value <= most, option, " is ", value,
                    "; expected a whole number from ", least, " to ", most);
}

inline void checkFinite(std::string_view option, double value) {
  TORCH_CHECK_VALUE(std::isfinite(value), option, " is ", value, "; expected a finite number");
}

inline void checkPositive(std::string_view option, double value) {
  TORCH_CHECK_VALUE(std::isfinite(value) && value > 0.0, option, " is ", value,
                    "; expected a finite number above 0");
}

inline void checkNotNegative(std::string_view option, double value) {
  TORCH_CHECK_VALUE(std::isfinite(value) && value >= 0.0, option, " is ", value,
                    "; expected a finite number, 0 or more");
}

/// Widths of the hidden layers.
inline void checkLayers(const std::vector<int64_t>& layers) {
  TORCH_CHECK_VALUE(!layers.empty(), "layers is []; expected at least one hidden layer");
  for (const int64_t width : layers) {
    TORCH_CHECK_VALUE(width >= 1, "layers is [", c10::Join(", ", layers),
                      "]; expected widths of 1 or more");
  }
}

}  // namespace fewsound
