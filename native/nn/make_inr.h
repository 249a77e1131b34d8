#pragma once

#include <memory>

#include "native/nn/inr.h"
#include "native/nn/options.h"

namespace fewsound {

/// The network that the alternative of `options` names.
std::shared_ptr<Inr> makeInr(const AnyInrOptions& options);

}  // namespace fewsound
