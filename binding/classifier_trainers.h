#pragma once

#include <napi.h>

namespace fewsound::binding {

/// The training of classifiers: create, step, evaluate, and the optimiser's state.
void exposeClassifierTrainers(const Napi::Object& exports);

}  // namespace fewsound::binding
