#include "binding/classifier_trainers.h"

#include <atomic>
#include <memory>
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
#include "native/train/classifier_trainer.h"

namespace fewsound::binding {
namespace {

struct ClassifierTrainerHandle {
  static constexpr napi_type_tag kTag{0x93d1f7a5e80c264b, 0x5b7e02c6941fad38};
  std::shared_ptr<ClassifierTrainer> trainer;
  std::shared_ptr<std::atomic<bool>> busy;  // the model's
};

/// createClassifierTrainer(model, options); see ClassifierTrainerArgument in
/// lib/addon/models.ts
Napi::Value createClassifierTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto model = modelIn<WaveformClassifier>(info);
  const OptionReader from(env, info[1], "options");
  ClassifierTrainerOptions options;
  options.optimizer = optimizerOptions(env, info[1].As<Napi::Object>().Get("optimizer"));
  from.read("maxGradientNorm", options.maxGradientNorm);
  from.read("threads", options.threads);
  auto handle = std::make_unique<ClassifierTrainerHandle>();
  handle->trainer = std::make_shared<ClassifierTrainer>(model.model, options);
  handle->busy = model.busy;
  return Handle<ClassifierTrainerHandle>::make(env, std::move(handle));
}

ClassifierTrainerHandle& idleTrainerIn(const Napi::CallbackInfo& info) {
  ClassifierTrainerHandle& handle = objectIn<ClassifierTrainerHandle>(info, 0, "trainer");
  requireIdle(*handle.busy);
  return handle;
}

std::shared_ptr<NetworkUse> use(const ClassifierTrainerHandle& handle) {
  return std::make_shared<NetworkUse>(handle.trainer->optimizer().parameters(), handle.busy);
}

/// stepClassifierTrainer(trainer, audio, classes, learningRate, beta1, seed): promise of {loss,
/// gradientNorm}
Napi::Value stepClassifierTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClassifierTrainerHandle& handle = idleTrainerIn(info);
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  const auto classes = toIntegers({env, "classes"}, info[2]);
  const double learningRate = toDouble({env, "learningRate"}, info[3]);
  const double beta1 = toDouble({env, "beta1"}, info[4]);
  const auto seed = static_cast<uint64_t>(toInteger({env, "seed"}, info[5]));
  const auto trainer = handle.trainer;
  const auto outcome = std::make_shared<ClassifierStep>();
  const auto inUse = use(handle);
  Job::Task task{
      .name = "train",
      .work = [=](Job&) { *outcome = trainer->step(audio, classes, learningRate, beta1, seed); },
      .release = [inUse] { inUse->end(); },
      .result =
          [outcome](Napi::Env env) {
            return stepResult(env, outcome->loss, outcome->gradientNorm);
          },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// evaluateClassifierTrainer(trainer, audio, classes): promise of {logits, losses: Float64Array}
Napi::Value evaluateClassifierTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClassifierTrainerHandle& handle = idleTrainerIn(info);
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  const auto classes = toIntegers({env, "classes"}, info[2]);
  const auto trainer = handle.trainer;
  const auto outcome = std::make_shared<ClassifierEvaluation>();
  const auto inUse = use(handle);
  Job::Task task{
      .name = "evaluate",
      .work = [=](Job&) { *outcome = trainer->evaluate(audio, classes); },
      .release = [inUse] { inUse->end(); },
      .result = [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("logits", makeTensor(env, outcome->logits));
        result.Set("losses", makeNumbers(env, outcome->losses));
        return result;
      },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// classifierTrainerState(trainer): {step, firstMoments, secondMoments}
Napi::Value classifierTrainerState(const Napi::CallbackInfo& info) {
  const ClassifierTrainerHandle& handle = idleTrainerIn(info);
  return optimizerState(info.Env(), handle.trainer->optimizer(), handle.busy);
}

/// setClassifierTrainerStep(trainer, step)
void setClassifierTrainerStep(const Napi::CallbackInfo& info) {
  idleTrainerIn(info).trainer->optimizer().setStepCount(toInteger({info.Env(), "step"}, info[1]));
}

}  // namespace

void exposeClassifierTrainers(const Napi::Object& exports) {
  expose<createClassifierTrainer>(exports, "createClassifierTrainer");
  expose<stepClassifierTrainer>(exports, "stepClassifierTrainer");
  expose<evaluateClassifierTrainer>(exports, "evaluateClassifierTrainer");
  expose<classifierTrainerState>(exports, "classifierTrainerState");
  expose<setClassifierTrainerStep>(exports, "setClassifierTrainerStep");
}

}  // namespace fewsound::binding
