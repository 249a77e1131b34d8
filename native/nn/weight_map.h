#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>

namespace fewsound {

/// Weights by name, each with a leading [batch] dimension: what a hypernetwork supplies.
using WeightMap = std::unordered_map<std::string, at::Tensor>;

}  // namespace fewsound
