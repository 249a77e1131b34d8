#pragma once

#include <napi.h>

namespace fewsound::binding {

/// The reconstruction loss, AdamW and schedules, for a training loop of one's own.
void exposeTraining(const Napi::Object& exports);

}  // namespace fewsound::binding
