#pragma once

#include <node_api.h>

#include "native/loss/reconstruction_loss.h"
#include "native/train/adamw.h"
#include "native/train/schedule.h"

namespace fewsound::binding {

/// Options of training as JavaScript gives them; what is missing keeps its default.
ReconstructionLossOptions lossOptions(napi_env env, napi_value value);
AdamWOptions optimizerOptions(napi_env env, napi_value value);
ScheduleOptions scheduleOptions(napi_env env, napi_value value);

}  // namespace fewsound::binding
