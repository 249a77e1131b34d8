#pragma once

#include <memory>
#include <vector>

#include "native/nn/inr.h"
#include "native/nn/kinds.h"

namespace fewsound {

/// The options of a network of any kind.
using AnyInrOptions = AnyOptions<Inr>;
template <>
const std::vector<Kind<Inr>>& AnyInrOptions::rows();

std::shared_ptr<Inr> makeInr(const AnyInrOptions& options);

}  // namespace fewsound
