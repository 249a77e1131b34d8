#pragma once

namespace fewsound {

/// What stands beside the splines on the edges of a KAN, in the order of its names.
enum class BaseActivation {
  kSilu,  // x / (1 + e^-x), the papers'
  kTanh,
};

}  // namespace fewsound
