#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "binding/distributed.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/models.h"
#include "binding/network_use.h"
#include "binding/read_options.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"
#include "native/train/classifier_objective.h"
#include "native/train/fitter.h"
#include "native/train/hyper_objective.h"
#include "native/train/trainer.h"

namespace fewsound::binding {
namespace {

struct TrainerHandle {
  static constexpr napi_type_tag kTag{0xc8403b7fd15e4a92, 0x96ad2e71f0b8c354};

  struct Model {
    std::vector<at::Tensor> parameters;
    std::shared_ptr<std::atomic<bool>> busy;
  };

  std::shared_ptr<Trainer> trainer;  // null once disposed
  std::vector<Model> models;
};

/// The models in an argument, of one class; the handle keeps what a job takes into use.
template <class T>
std::vector<std::shared_ptr<T>> modelsIn(const Napi::CallbackInfo& info, size_t index,
                                         TrainerHandle& handle) {
  const Napi::Env env = info.Env();
  if (!info[index].IsArray()) Place{env, "models"}.reject(info[index], "an array of models");
  const Napi::Array given = info[index].As<Napi::Array>();
  std::vector<std::shared_ptr<T>> models;
  for (uint32_t i = 0; i < given.Length(); ++i) {
    const auto [model, busy] = modelIn<T>(env, given.Get(i));
    models.push_back(model);
    handle.models.push_back({model->learnable(), busy});
  }
  return models;
}

/// The only model in an argument.
template <class T>
std::shared_ptr<T> onlyModelIn(const Napi::CallbackInfo& info, size_t index,
                               TrainerHandle& handle) {
  auto models = modelsIn<T>(info, index, handle);
  if (models.size() != 1) Place{info.Env(), "models"}.reject(info[index], "one model");
  return std::move(models.front());
}

/// Options of a trainer together with those of its objective.
template <class... Objective>
TrainerOptions trainerOptions(const Napi::CallbackInfo& info, size_t index,
                              Objective&... objective) {
  TrainerOptions options;
  readFields(info.Env(), info[index], "options", [&](OptionVisitor& visit) {
    fields(visit, options);
    (fields(visit, objective), ...);
  });
  return options;
}

/// createTrainer('fit', networks, options, targets): one network for each row of targets
/// [clips, samples]; createTrainer('hypernetwork' or 'classifier', [model], options)
Napi::Value createTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string kind = toText({env, "kind"}, info[0]);
  auto handle = std::make_unique<TrainerHandle>();
  if (kind == "fit") {
    handle->trainer = std::make_shared<Fitter>(modelsIn<Inr>(info, 1, *handle),
                                               toTensor({env, "targets"}, info[3]),
                                               readOptions<FitterOptions>(env, info[2], "options"));
  } else if (kind == "hypernetwork") {
    HyperObjectiveOptions objective;
    const TrainerOptions options = trainerOptions(info, 2, objective);
    handle->trainer = std::make_shared<Trainer>(
        std::make_shared<HyperObjective>(onlyModelIn<HyperModel>(info, 1, *handle), objective),
        options);
  } else if (kind == "classifier") {
    handle->trainer = std::make_shared<Trainer>(
        std::make_shared<ClassifierObjective>(onlyModelIn<WaveformClassifier>(info, 1, *handle)),
        trainerOptions(info, 2));
  } else {
    Place{env, "kind"}.reject(info[0], "'fit', 'hypernetwork' or 'classifier'");
  }
  return Handle<TrainerHandle>::make(env, std::move(handle));
}

/// The trainer in an argument, while no job uses its models.
TrainerHandle& trainerIn(const Napi::CallbackInfo& info) {
  TrainerHandle& handle = objectIn<TrainerHandle>(info, 0, "trainer");
  if (!handle.trainer) throw CallError(Code::kDisposed, "the trainer was disposed of", "trainer");
  for (const TrainerHandle::Model& model : handle.models) requireIdle(*model.busy);
  return handle;
}

std::shared_ptr<Fitter> fitterIn(const Napi::CallbackInfo& info) {
  auto fitter = std::dynamic_pointer_cast<Fitter>(trainerIn(info).trainer);
  if (!fitter) Place{info.Env(), "trainer"}.reject(info[0], "the trainer of a fit");
  return fitter;
}

/// The models, and the process group where there is one, in use until the end of a job.
class TrainerUse {
 public:
  TrainerUse(const TrainerHandle& handle, const ProcessGroupHandle* group) {
    if (group != nullptr) group_ = std::make_unique<GroupUse>(*group);
    for (const TrainerHandle::Model& model : handle.models) {
      models_.push_back(std::make_unique<NetworkUse>(model.parameters, model.busy));
    }
  }
  void end() {
    for (const auto& model : models_) model->end();
    if (group_) group_->end();
  }

 private:
  std::unique_ptr<GroupUse> group_;
  std::vector<std::unique_ptr<NetworkUse>> models_;
};

/// Work of a trainer as a job.
Napi::Value startJob(const Napi::CallbackInfo& info, const char* name,
                     std::function<void(Job&)> work, Job::MakeValue result,
                     const ProcessGroupHandle* group = nullptr,
                     const Napi::Function& onProgress = {}, napi_value abort = nullptr) {
  const Napi::Env env = info.Env();
  const auto raised = abortFlagIn(env, abort == nullptr ? env.Null() : abort);
  const auto use = std::make_shared<TrainerUse>(trainerIn(info), group);
  Job::Task task{.name = name,
                 .work = std::move(work),
                 .release = [use] { use->end(); },
                 .result = std::move(result)};
  return Job::start(env, std::move(task), onProgress, raised);
}

/// {audio: Tensor[], classes?, factor?, seed?}
Batch batchIn(const Napi::CallbackInfo& info, size_t index) {
  const Napi::Env env = info.Env();
  if (!info[index].IsObject()) Place{env, "batch"}.reject(info[index], "an object");
  const Napi::Object given = info[index].As<Napi::Object>();
  const auto read = [&](const char* name, auto convert, auto& into) {
    const Napi::Value value = given.Get(name);
    if (!isNullish(env, value)) into = convert(Place{env, name}, value);
  };
  Batch batch;
  read("audio", toTensors, batch.audio);
  read("classes", toIntegers, batch.classes);
  read("factor", toDouble, batch.factor);
  read("seed", toInteger, batch.seed);
  return batch;
}

/// stepTrainer(trainer, batch, learningRate, beta1, group | null): promise of {loss, gradientNorm}
Napi::Value stepTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto trainer = trainerIn(info).trainer;
  const ProcessGroupHandle* const group =
      isNullish(env, info[4]) ? nullptr : &objectIn<ProcessGroupHandle>(info, 4, "group");
  const auto outcome = std::make_shared<TrainingStep>();
  const ScheduledRate rate{.learningRate = toDouble({env, "learningRate"}, info[2]),
                           .beta1 = toDouble({env, "beta1"}, info[3])};
  return startJob(
      info, "train",
      [=, batch = batchIn(info, 1), ranks = group == nullptr ? nullptr : group->group](Job&) {
        *outcome = trainer->step(batch, rate, ranks.get());
      },
      [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("loss", outcome->loss);
        result.Set("gradientNorm", outcome->gradientNorm);
        return result;
      },
      group);
}

/// evaluateTrainer(trainer, batch): promise of {outputs, losses: Float64Array, constant}
Napi::Value evaluateTrainer(const Napi::CallbackInfo& info) {
  const auto trainer = trainerIn(info).trainer;
  const auto outcome = std::make_shared<Evaluation>();
  return startJob(
      info, "evaluate",
      [=, batch = batchIn(info, 1)](Job&) { *outcome = trainer->evaluate(batch); },
      [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("outputs", makeTensor(env, outcome->outputs));
        result.Set("losses", makeNumbers(env, outcome->losses));
        result.Set("constant", makeFlags(env, outcome->constant));
        return result;
      });
}

/// A float32 tensor on the CPU as a typed array of its own.
Napi::Float32Array makeSamples(Napi::Env env, const at::Tensor& tensor) {
  Napi::Float32Array samples = Napi::Float32Array::New(env, tensor.numel());
  std::copy_n(tensor.const_data_ptr<float>(), tensor.numel(), samples.Data());
  return samples;
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
  object.Set("estimates",
             progress.estimates.defined() ? makeSamples(env, progress.estimates) : env.Null());
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

/// runTrainer(trainer of a fit, untilStep, abortFlag | null, onProgress | null): promise of
/// {reason, last}, where last is the last report or null
Napi::Value runTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto fitter = fitterIn(info);
  const int64_t untilStep = toInteger({env, "untilStep"}, info[1]);
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
  return startJob(
      info, "fit",
      [fitter, outcome, untilStep](Job& job) {
        outcome->reason = fitter->run(untilStep, job.abort(), [&](const FitProgress& progress) {
          outcome->last = progress;
          job.report([progress](Napi::Env env) { return progressObject(env, progress); });
        });
      },
      [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("reason", reasonName(outcome->reason));
        result.Set("last", outcome->last ? progressObject(env, *outcome->last) : env.Null());
        return result;
      },
      nullptr, onProgress, info[2]);
}

/// fitFacts(trainer of a fit): {step, threads, recorded, losses: Float64Array}, losses
/// [steps, clips]
Napi::Value fitFacts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto fitter = fitterIn(info);
  Napi::Float64Array losses = Napi::Float64Array::New(env, fitter->losses().size());
  std::copy(fitter->losses().begin(), fitter->losses().end(), losses.Data());
  const Napi::Object facts = Napi::Object::New(env);
  facts.Set("step", static_cast<double>(fitter->stepCount()));
  facts.Set("threads", fitter->threads());
  facts.Set("recorded", fitter->recorded());
  facts.Set("losses", losses);
  return facts;
}

/// setTrainerLoss(trainer, loss)
void setTrainerLoss(const Napi::CallbackInfo& info) {
  trainerIn(info).trainer->objective().setLoss(
      readOptions<ReconstructionLossOptions>(info.Env(), info[1], "loss"));
}

/// trainerState(trainer): [name, tensor][], on the CPU; where the trainer is there, its own memory
Napi::Value trainerState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const NamedTensors state = trainerIn(info).trainer->state();
  const Napi::Array list = Napi::Array::New(env, state.size());
  for (uint32_t i = 0; i < state.size(); ++i) {
    const Napi::Array entry = Napi::Array::New(env, 2);
    entry.Set(uint32_t{0}, state[i].first);
    entry.Set(uint32_t{1}, makeTensor(env, state[i].second));
    list.Set(i, entry);
  }
  return list;
}

/// loadTrainerState(trainer, [name, tensor][]); that of a fit tells its number of updates as well
void loadTrainerState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Trainer& trainer = *trainerIn(info).trainer;
  if (!info[1].IsArray()) Place{env, "state"}.reject(info[1], "an array of [name, Tensor]");
  const Napi::Array list = info[1].As<Napi::Array>();
  NamedTensors state;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value entry = list.Get(i);
    if (!entry.IsArray()) Place{env, "state"}.reject(entry, "[name, Tensor]");
    const std::string name = toText({env, "state name"}, entry.As<Napi::Array>().Get(uint32_t{0}));
    state.emplace_back(name,
                       toTensor({env, name.c_str()}, entry.As<Napi::Array>().Get(uint32_t{1})));
  }
  trainer.loadState(state);
}

/// setTrainerStep(trainer, step): how many updates the state comes from
void setTrainerStep(const Napi::CallbackInfo& info) {
  trainerIn(info).trainer->setStepCount(toInteger({info.Env(), "step"}, info[1]));
}

/// disposeTrainer(trainer): frees it now; a second time does nothing
void disposeTrainer(const Napi::CallbackInfo& info) {
  if (!objectIn<TrainerHandle>(info, 0, "trainer").trainer) return;
  TrainerHandle& handle = trainerIn(info);
  handle.trainer.reset();
  handle.models.clear();
}

}  // namespace

void exposeTrainers(const Napi::Object& exports) {
  expose<createTrainer>(exports, "createTrainer");
  expose<stepTrainer>(exports, "stepTrainer");
  expose<evaluateTrainer>(exports, "evaluateTrainer");
  expose<runTrainer>(exports, "runTrainer");
  expose<fitFacts>(exports, "fitFacts");
  expose<setTrainerLoss>(exports, "setTrainerLoss");
  expose<trainerState>(exports, "trainerState");
  expose<loadTrainerState>(exports, "loadTrainerState");
  expose<setTrainerStep>(exports, "setTrainerStep");
  expose<disposeTrainer>(exports, "disposeTrainer");
}

}  // namespace fewsound::binding
