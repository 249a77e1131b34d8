#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fewsound {

/// Which estimates [clips, samples] are constant though their targets are not. A network that makes
/// such an estimate has died: where all units of a layer are off, only what comes after them still
/// has a gradient. Constant is what varies by no more than rounding can make it, a millionth of the
/// target's range.
std::vector<bool> constantOutputs(const at::Tensor& estimates, const at::Tensor& targets);

}  // namespace fewsound
