#pragma once

#include <napi.h>

namespace fewsound::binding {

/// Trainers of models that write networks: steps and evaluation as jobs, and their state.
void exposeHyperTrainers(const Napi::Object& exports);

}  // namespace fewsound::binding
