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
  from.read("maxUpdate", options.maxUpdate);
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

Napi::Value optimizerState(Napi::Env env, const AdamW& optimizer, const BusyFlag& busy) {
  const auto list = [&](const std::vector<at::Tensor>& tensors) {
    const Napi::Array array = Napi::Array::New(env, tensors.size());
    for (uint32_t i = 0; i < tensors.size(); ++i) {
      array.Set(i, makeParameter(env, tensors[i], busy));
    }
    return array;
  };
  const Napi::Object state = Napi::Object::New(env);
  state.Set("step", static_cast<double>(optimizer.stepCount()));
  state.Set("firstMoments", list(optimizer.firstMoments()));
  state.Set("secondMoments", list(optimizer.secondMoments()));
  return state;
}

Napi::Value stepResult(Napi::Env env, double loss, double gradientNorm) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("loss", loss);
  result.Set("gradientNorm", gradientNorm);
  return result;
}

}  // namespace fewsound::binding
