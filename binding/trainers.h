#pragma once

#include <napi.h>

namespace fewsound::binding {

/// Trainers of networks, hypernetworks and classifiers behind one handle: create, step, run, state.
void exposeTrainers(const Napi::Object& exports);

}  // namespace fewsound::binding
