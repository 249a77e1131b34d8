#include "binding/training_options.h"

#include <string>

#include "binding/errors.h"
#include "binding/option_reader.h"

namespace fewsound::binding {

ReconstructionLossOptions lossOptions(napi_env env, napi_value value) {
  const OptionReader from(env, value, "loss");
  ReconstructionLossOptions options;
  from.read("time", options.time);
  from.read("mel", options.mel);
  from.read("sampleRate", options.sampleRate);
  from.read("mels", options.mels);
  from.read("fftSizes", options.fftSizes);
  from.read("bandPower", options.bandPower);
  return options;
}

AdamWOptions optimizerOptions(napi_env env, napi_value value) {
  const OptionReader from(env, value, "optimizer");
  AdamWOptions options;
  from.read("learningRate", options.learningRate);
  from.read("beta1", options.beta1);
  from.read("beta2", options.beta2);
  from.read("epsilon", options.epsilon);
  from.read("weightDecay", options.weightDecay);
  return options;
}

ScheduleOptions scheduleOptions(napi_env env, napi_value value) {
  const OptionReader from(env, value, "schedule");
  ScheduleOptions options;
  std::string kind = "constant";
  from.read("kind", kind);
  if (kind == "constant") {
    options.kind = ScheduleKind::kConstant;
  } else if (kind == "cosine") {
    options.kind = ScheduleKind::kCosine;
  } else if (kind == "oneCycle") {
    options.kind = ScheduleKind::kOneCycle;
  } else {
    throw CallError(Code::kInvalidArgument,
                    "kind is '" + kind + "'; expected 'constant', 'cosine' or 'oneCycle'", "kind");
  }
  from.read("learningRate", options.learningRate);
  from.read("totalSteps", options.totalSteps);
  from.read("minimum", options.minimum);
  from.read("beta1", options.beta1);
  from.read("divFactor", options.divFactor);
  from.read("finalDivFactor", options.finalDivFactor);
  from.read("warmupFraction", options.warmupFraction);
  from.read("beta1Base", options.beta1Base);
  from.read("beta1Max", options.beta1Max);
  return options;
}

}  // namespace fewsound::binding
