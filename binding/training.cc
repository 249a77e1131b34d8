#include "binding/training.h"

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/network_use.h"
#include "binding/networks.h"
#include "binding/option_reader.h"
#include "binding/tensor_handle.h"
#include "native/loss/reconstruction_loss.h"
#include "native/train/adamw.h"
#include "native/train/fitter.h"
#include "native/train/schedule.h"

namespace fewsound::binding {
namespace {

struct LossHandle {
  static constexpr napi_type_tag kTag{0x1d97c06b5a3e48f1, 0xae80d3f492c7b615};
  explicit LossHandle(ReconstructionLossOptions options) : loss(std::move(options)) {}
  ReconstructionLoss loss;
};

struct AdamWHandle {
  static constexpr napi_type_tag kTag{0x73e5a1f80c9b4d26, 0xb2f6840d7e13ca95};
  AdamWHandle(std::vector<at::Tensor> parameters, AdamWOptions options,
              std::vector<BusyFlag> busyFlags)
      : optimizer(std::move(parameters), options), busy(std::move(busyFlags)) {}
  AdamW optimizer;
  std::vector<BusyFlag> busy;  // of the networks that the parameters belong to
};

struct FitterHandle {
  static constexpr napi_type_tag kTag{0xc8403b7fd15e4a92, 0x96ad2e71f0b8c354};
  std::shared_ptr<Fitter> fitter;
  std::shared_ptr<Inr> network;
  std::shared_ptr<std::atomic<bool>> busy;  // the network's
};

template <class T>
T& objectIn(const Napi::CallbackInfo& info, size_t index, const char* name) {
  T* object = Handle<T>::find(info.Env(), info[index]);
  if (object == nullptr) Place{info.Env(), name}.reject(info[index], std::string("a ") + name);
  return *object;
}

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

/// createLoss(options)
Napi::Value createLoss(const Napi::CallbackInfo& info) {
  return Handle<LossHandle>::make(info.Env(),
                                  std::make_unique<LossHandle>(lossOptions(info.Env(), info[0])));
}

/// computeLoss(loss, estimate, target)
Napi::Value computeLoss(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  ReconstructionLoss& loss = objectIn<LossHandle>(info, 0, "loss").loss;
  return makeTensor(env,
                    loss(toTensor({env, "estimate"}, info[1]), toTensor({env, "target"}, info[2])));
}

/// computeMelPerResolution(loss, estimate, target)
Napi::Value computeMelPerResolution(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  ReconstructionLoss& loss = objectIn<LossHandle>(info, 0, "loss").loss;
  return makeTensor(env, loss.melPerResolution(toTensor({env, "estimate"}, info[1]),
                                               toTensor({env, "target"}, info[2])));
}

/// createAdamW(parameters, options)
Napi::Value createAdamW(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  return Handle<AdamWHandle>::make(
      env, std::make_unique<AdamWHandle>(toTensors({env, "parameters"}, info[0]),
                                         optimizerOptions(env, info[1]),
                                         busyFlagsOf({env, "parameters"}, info[0])));
}

/// The optimiser in an argument, while no job changes its parameters.
AdamW& idleOptimizerIn(const Napi::CallbackInfo& info) {
  AdamWHandle& handle = objectIn<AdamWHandle>(info, 0, "optimizer");
  for (const BusyFlag& flag : handle.busy) {
    if (flag->load(std::memory_order_acquire)) {
      throw CallError(Code::kInvalidArgument,
                      "its parameters belong to a network that a running fit is changing; wait "
                      "for the fit",
                      "optimizer");
    }
  }
  return handle.optimizer;
}

/// stepAdamW(optimizer, learningRate, beta1)
void stepAdamW(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  idleOptimizerIn(info).step(toDouble({env, "learningRate"}, info[1]),
                             toDouble({env, "beta1"}, info[2]));
}

void zeroGradAdamW(const Napi::CallbackInfo& info) { idleOptimizerIn(info).zeroGrad(); }

/// stateOfAdamW(optimizer): {step, firstMoments, secondMoments}. The tensors are the optimiser's
/// own: write into them to restore a state.
Napi::Value stateOfAdamW(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const AdamW& optimizer = idleOptimizerIn(info);
  const auto list = [&](const std::vector<at::Tensor>& tensors) {
    const Napi::Array array = Napi::Array::New(env, tensors.size());
    for (uint32_t i = 0; i < tensors.size(); ++i) {
      array.Set(i, makeParameter(env, tensors[i], nullptr));
    }
    return array;
  };
  const Napi::Object state = Napi::Object::New(env);
  state.Set("step", static_cast<double>(optimizer.stepCount()));
  state.Set("firstMoments", list(optimizer.firstMoments()));
  state.Set("secondMoments", list(optimizer.secondMoments()));
  return state;
}

/// setStepOfAdamW(optimizer, step)
void setStepOfAdamW(const Napi::CallbackInfo& info) {
  idleOptimizerIn(info).setStepCount(toInteger({info.Env(), "step"}, info[1]));
}

/// scheduledRate(schedule, step): {learningRate, beta1}
Napi::Value scheduledRate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ScheduledRate rate =
      rateAt(scheduleOptions(env, info[0]), toInteger({env, "step"}, info[1]));
  const Napi::Object result = Napi::Object::New(env);
  result.Set("learningRate", rate.learningRate);
  result.Set("beta1", rate.beta1);
  return result;
}

/// createFitter(network, target, options)
Napi::Value createFitter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const NetworkHandle& network = networkIn(info, 0);
  const at::Tensor target = toTensor({env, "target"}, info[1]);
  const OptionReader from(env, info[2], "options");
  const Napi::Object object = info[2].As<Napi::Object>();
  FitterOptions options;
  from.read("steps", options.steps);
  from.read("threads", options.threads);
  constexpr int kMostThreads = 1024;
  if (options.threads < 0 || options.threads > kMostThreads) {
    throw CallError(Code::kInvalidArgument, "threads must be from 0 to 1024", "threads");
  }
  from.read("progressInterval", options.progressInterval);
  options.optimizer = optimizerOptions(env, object.Get("optimizer"));
  options.schedule = scheduleOptions(env, object.Get("schedule"));
  options.loss = lossOptions(env, object.Get("loss"));
  const OptionReader stop(env, object.Get("earlyStop"), "earlyStop");
  stop.read("siSnr", options.earlyStop.siSnr);
  stop.read("loss", options.earlyStop.loss);
  stop.read("patience", options.earlyStop.patience);
  stop.read("minDelta", options.earlyStop.minDelta);

  auto handle = std::make_unique<FitterHandle>();
  handle->fitter = std::make_shared<Fitter>(network.network, target, std::move(options));
  handle->network = network.network;
  handle->busy = network.busy;
  return Handle<FitterHandle>::make(env, std::move(handle));
}

/// The fitter in an argument, while no job runs it.
FitterHandle& idleFitterIn(const Napi::CallbackInfo& info) {
  FitterHandle& handle = objectIn<FitterHandle>(info, 0, "fitter");
  if (handle.busy->load(std::memory_order_acquire)) {
    throw CallError(Code::kInvalidArgument,
                    "the network is being fitted already; wait for that fit to end", "network");
  }
  return handle;
}

Napi::Value progressObject(Napi::Env env, const FitProgress& progress) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(progress.step));
  object.Set("loss", progress.loss);
  object.Set("siSnr", progress.siSnr ? Napi::Number::New(env, *progress.siSnr) : env.Null());
  object.Set("seconds", progress.seconds);
  return object;
}

const char* reasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kSteps:
      return "steps";
    case StopReason::kSiSnr:
      return "siSnr";
    case StopReason::kLoss:
      return "loss";
    case StopReason::kPatience:
      return "patience";
    case StopReason::kAborted:
      break;
  }
  return "aborted";
}

/// runFitter(fitter, untilStep, abortFlag | null, onProgress | null): promise of {reason, last},
/// where last is the last report or null
Napi::Value runFitter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  FitterHandle& handle = idleFitterIn(info);
  const int64_t untilStep = toInteger({env, "untilStep"}, info[1]);
  const auto abort = abortFlagIn(env, info[2]);
  Napi::Function onProgress;
  if (!isNullish(env, info[3])) {
    if (!info[3].IsFunction()) Place{env, "onProgress"}.reject(info[3], "a function");
    onProgress = info[3].As<Napi::Function>();
  }

  struct Outcome {
    StopReason reason = StopReason::kSteps;
    std::optional<FitProgress> last;
  };
  const auto outcome = std::make_shared<Outcome>();
  const auto fitter = handle.fitter;
  const auto use = std::make_shared<NetworkUse>(*handle.network, handle.busy);
  Job::Task task{
      .name = "fit",
      .work =
          [fitter, outcome, untilStep](Job& job) {
            outcome->reason = fitter->run(untilStep, job.abort(), [&](const FitProgress& progress) {
              outcome->last = progress;
              job.report([progress](Napi::Env env) { return progressObject(env, progress); });
            });
          },
      .release = [use] { use->end(); },
      .result = [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("reason", reasonName(outcome->reason));
        result.Set("last", outcome->last ? progressObject(env, *outcome->last) : env.Null());
        return result;
      },
  };
  return Job::start(env, std::move(task), onProgress, abort);
}

/// fitterFacts(fitter): {step, threads, losses: Float64Array}
Napi::Value fitterFacts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Fitter& fitter = *idleFitterIn(info).fitter;
  Napi::Float64Array losses = Napi::Float64Array::New(env, fitter.losses().size());
  std::copy(fitter.losses().begin(), fitter.losses().end(), losses.Data());
  const Napi::Object facts = Napi::Object::New(env);
  facts.Set("step", static_cast<double>(fitter.step()));
  facts.Set("threads", fitter.threads());
  facts.Set("losses", losses);
  return facts;
}

/// fitterState(fitter): [name, tensor][], copies on the CPU
Napi::Value fitterState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto state = idleFitterIn(info).fitter->state();
  const Napi::Array list = Napi::Array::New(env, state.size());
  for (uint32_t i = 0; i < state.size(); ++i) {
    const Napi::Array entry = Napi::Array::New(env, 2);
    entry.Set(uint32_t{0}, state[i].first);
    entry.Set(uint32_t{1}, makeTensor(env, state[i].second));
    list.Set(i, entry);
  }
  return list;
}

/// loadFitterState(fitter, [name, tensor][])
void loadFitterState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FitterHandle& handle = idleFitterIn(info);
  if (!info[1].IsArray()) Place{env, "state"}.reject(info[1], "an array of [name, Tensor]");
  const Napi::Array list = info[1].As<Napi::Array>();
  std::vector<std::pair<std::string, at::Tensor>> state;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value entry = list.Get(i);
    if (!entry.IsArray()) Place{env, "state"}.reject(entry, "[name, Tensor]");
    const std::string name = toText({env, "state name"}, entry.As<Napi::Array>().Get(uint32_t{0}));
    state.emplace_back(name,
                       toTensor({env, name.c_str()}, entry.As<Napi::Array>().Get(uint32_t{1})));
  }
  handle.fitter->loadState(state);
}

}  // namespace

void exposeTraining(const Napi::Object& exports) {
  expose<createLoss>(exports, "createLoss");
  expose<computeLoss>(exports, "computeLoss");
  expose<computeMelPerResolution>(exports, "computeMelPerResolution");
  expose<createAdamW>(exports, "createAdamW");
  expose<stepAdamW>(exports, "stepAdamW");
  expose<zeroGradAdamW>(exports, "zeroGradAdamW");
  expose<stateOfAdamW>(exports, "stateOfAdamW");
  expose<setStepOfAdamW>(exports, "setStepOfAdamW");
  expose<scheduledRate>(exports, "scheduledRate");
  expose<createFitter>(exports, "createFitter");
  expose<runFitter>(exports, "runFitter");
  expose<fitterFacts>(exports, "fitterFacts");
  expose<fitterState>(exports, "fitterState");
  expose<loadFitterState>(exports, "loadFitterState");
}

}  // namespace fewsound::binding
