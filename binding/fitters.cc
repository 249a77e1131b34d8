#include "binding/fitters.h"

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/models.h"
#include "binding/network_use.h"
#include "binding/option_reader.h"
#include "binding/tensor_handle.h"
#include "binding/training_options.h"
#include "native/train/fitter.h"

namespace fewsound::binding {
namespace {

struct FitterHandle {
  static constexpr napi_type_tag kTag{0xc8403b7fd15e4a92, 0x96ad2e71f0b8c354};
  std::shared_ptr<Fitter> fitter;
  std::vector<std::shared_ptr<Inr>> networks;
  std::vector<std::shared_ptr<std::atomic<bool>>> busy;  // the networks'
};

/// createFitter(networks, targets, options): one network for each row of targets [clips, samples]
Napi::Value createFitter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto handle = std::make_unique<FitterHandle>();
  if (!info[0].IsArray()) Place{env, "networks"}.reject(info[0], "an array of networks");
  const Napi::Array networks = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < networks.Length(); ++i) {
    const auto network = modelIn<Inr>(env, networks.Get(i));
    handle->networks.push_back(network.model);
    handle->busy.push_back(network.busy);
  }
  const at::Tensor targets = toTensor({env, "targets"}, info[1]);
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

  handle->fitter = std::make_shared<Fitter>(handle->networks, targets, std::move(options));
  return Handle<FitterHandle>::make(env, std::move(handle));
}

/// The fitter in an argument, while no job runs it.
FitterHandle& idleFitterIn(const Napi::CallbackInfo& info) {
  FitterHandle& handle = objectIn<FitterHandle>(info, 0, "fitter");
  for (const auto& busy : handle.busy) {
    if (busy->load(std::memory_order_acquire)) {
      throw CallError(Code::kInvalidArgument,
                      "the network is being fitted already; wait for that fit to end", "network");
    }
  }
  return handle;
}

Napi::Value progressObject(Napi::Env env, const FitProgress& progress) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(progress.step));
  const Napi::Array losses = Napi::Array::New(env, progress.losses.size());
  const Napi::Array ratios = Napi::Array::New(env, progress.siSnr.size());
  for (uint32_t clip = 0; clip < progress.losses.size(); ++clip) {
    const std::optional<double>& ratio = progress.siSnr[clip];
    losses.Set(clip, progress.losses[clip]);
    ratios.Set(clip, ratio ? Napi::Number::New(env, *ratio) : env.Null());
  }
  object.Set("losses", losses);
  object.Set("siSnr", ratios);
  object.Set("constant", makeFlags(env, progress.constant));
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
  std::vector<std::shared_ptr<NetworkUse>> uses;
  uses.reserve(handle.networks.size());
  for (size_t i = 0; i < handle.networks.size(); ++i) {
    uses.push_back(std::make_shared<NetworkUse>(handle.networks[i]->parameters(), handle.busy[i]));
  }
  Job::Task task{
      .name = "fit",
      .work =
          [fitter, outcome, untilStep](Job& job) {
            outcome->reason = fitter->run(untilStep, job.abort(), [&](const FitProgress& progress) {
              outcome->last = progress;
              job.report([progress](Napi::Env env) { return progressObject(env, progress); });
            });
          },
      .release =
          [uses] {
            for (const auto& use : uses) use->end();
          },
      .result = [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("reason", reasonName(outcome->reason));
        result.Set("last", outcome->last ? progressObject(env, *outcome->last) : env.Null());
        return result;
      },
  };
  return Job::start(env, std::move(task), onProgress, abort);
}

/// fitterFacts(fitter): {step, threads, recorded, losses: Float64Array}, losses [steps, clips]
Napi::Value fitterFacts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Fitter& fitter = *idleFitterIn(info).fitter;
  Napi::Float64Array losses = Napi::Float64Array::New(env, fitter.losses().size());
  std::copy(fitter.losses().begin(), fitter.losses().end(), losses.Data());
  const Napi::Object facts = Napi::Object::New(env);
  facts.Set("step", static_cast<double>(fitter.step()));
  facts.Set("threads", fitter.threads());
  facts.Set("recorded", fitter.recorded());
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

void exposeFitters(const Napi::Object& exports) {
  expose<createFitter>(exports, "createFitter");
  expose<runFitter>(exports, "runFitter");
  expose<fitterFacts>(exports, "fitterFacts");
  expose<fitterState>(exports, "fitterState");
  expose<loadFitterState>(exports, "loadFitterState");
}

}  // namespace fewsound::binding
