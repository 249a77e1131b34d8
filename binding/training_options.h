#pragma once

#include <napi.h>

#include "binding/tensor_handle.h"
#include "native/loss/reconstruction_loss.h"
#include "native/train/adamw.h"
#include "native/train/schedule.h"

namespace fewsound::binding {

/// Options of training as JavaScript gives them; what is missing keeps its default.
ReconstructionLossOptions lossOptions(napi_env env, napi_value value);
AdamWOptions optimizerOptions(napi_env env, napi_value value);
ScheduleOptions scheduleOptions(napi_env env, napi_value value);

/// {step, firstMoments, secondMoments}; the tensors are the optimiser's own. `busy` as for
/// parameters.
Napi::Value optimizerState(Napi::Env env, const AdamW& optimizer, const BusyFlag& busy);

/// {loss, gradientNorm} of one update.
Napi::Value stepResult(Napi::Env env, double loss, double gradientNorm);

}  // namespace fewsound::binding
