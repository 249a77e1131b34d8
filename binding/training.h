#pragma once

#include <napi.h>

namespace fewsound::binding {

/// The reconstruction loss, AdamW, schedules, and the fitter that runs as a job.
void exposeTraining(const Napi::Object& exports);

}  // namespace fewsound::binding
