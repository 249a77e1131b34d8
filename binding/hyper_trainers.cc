#include "binding/hyper_trainers.h"

#include <atomic>
#include <memory>
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
#include "binding/option_reader.h"
#include "binding/tensor_handle.h"
#include "binding/training_options.h"
#include "native/train/hyper_trainer.h"

namespace fewsound::binding {
namespace {

struct HyperTrainerHandle {
  static constexpr napi_type_tag kTag{0x3fa9c61e80d2b745, 0x8e04bd7f295ac613};
  std::shared_ptr<HyperTrainer> trainer;
  std::shared_ptr<std::atomic<bool>> busy;  // the model's
};

/// createHyperTrainer(model, options); see HyperTrainerArgument in lib/addon/models.ts
Napi::Value createHyperTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto model = modelIn<HyperModel>(info);
  const OptionReader from(env, info[1], "options");
  const Napi::Object object = info[1].As<Napi::Object>();
  HyperTrainerOptions options;
  options.optimizer = optimizerOptions(env, object.Get("optimizer"));
  options.loss = lossOptions(env, object.Get("loss"));
  from.read("maxGradientNorm", options.maxGradientNorm);
  from.read("threads", options.threads);
  std::string precision = "float32";
  from.read("precision", precision);
  if (precision == "bfloat16") {
    options.precision = Precision::kBfloat16;
  } else if (precision != "float32") {
    Place{env, "precision"}.reject(object.Get("precision"), "'float32' or 'bfloat16'");
  }
  auto handle = std::make_unique<HyperTrainerHandle>();
  handle->trainer = std::make_shared<HyperTrainer>(model.model, std::move(options));
  handle->busy = model.busy;
  return Handle<HyperTrainerHandle>::make(env, std::move(handle));
}

HyperTrainerHandle& idleTrainerIn(const Napi::CallbackInfo& info) {
  HyperTrainerHandle& handle = objectIn<HyperTrainerHandle>(info, 0, "trainer");
  requireIdle(*handle.busy);
  return handle;
}

std::shared_ptr<NetworkUse> use(const HyperTrainerHandle& handle) {
  return std::make_shared<NetworkUse>(handle.trainer->optimizer().parameters(), handle.busy);
}

/// The process group in an argument and its use until the job's end; none where null is given.
struct GroupArgument {
  std::shared_ptr<ProcessGroup> group;
  std::shared_ptr<GroupUse> use;
};

GroupArgument groupIn(const Napi::CallbackInfo& info, size_t index) {
  if (isNullish(info.Env(), info[index])) return {};
  const auto& handle = objectIn<ProcessGroupHandle>(info, index, "group");
  return {.group = handle.group, .use = std::make_shared<GroupUse>(handle)};
}

/// stepHyperTrainer(trainer, batches, factor, learningRate, beta1, group | null): promise of {loss,
/// gradientNorm}
Napi::Value stepHyperTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const HyperTrainerHandle& handle = idleTrainerIn(info);
  const auto batches = toTensors({env, "batches"}, info[1]);
  const double factor = toDouble({env, "factor"}, info[2]);
  const double learningRate = toDouble({env, "learningRate"}, info[3]);
  const double beta1 = toDouble({env, "beta1"}, info[4]);
  const auto trainer = handle.trainer;
  const auto outcome = std::make_shared<HyperStep>();
  const GroupArgument ranks = groupIn(info, 5);
  const auto inUse = use(handle);
  Job::Task task{
      .name = "train",
      .work =
          [=](Job&) {
            *outcome = trainer->step(batches, factor, learningRate, beta1, ranks.group.get());
          },
      .release =
          [inUse, ranks] {
            inUse->end();
            if (ranks.use) ranks.use->end();
          },
      .result =
          [outcome](Napi::Env env) {
            return stepResult(env, outcome->loss, outcome->gradientNorm);
          },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// evaluateHyperTrainer(trainer, batch, factor): promise of {estimates, losses: Float64Array,
/// constant}
Napi::Value evaluateHyperTrainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const HyperTrainerHandle& handle = idleTrainerIn(info);
  const at::Tensor batch = toTensor({env, "batch"}, info[1]);
  const double factor = toDouble({env, "factor"}, info[2]);
  const auto trainer = handle.trainer;
  const auto outcome = std::make_shared<HyperEvaluation>();
  const auto inUse = use(handle);
  Job::Task task{
      .name = "evaluate",
      .work = [=](Job&) { *outcome = trainer->evaluate(batch, factor); },
      .release = [inUse] { inUse->end(); },
      .result = [outcome](Napi::Env env) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(env);
        result.Set("estimates", makeTensor(env, outcome->estimates));
        result.Set("losses", makeNumbers(env, outcome->losses));
        result.Set("constant", makeFlags(env, outcome->constant));
        return result;
      },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// setHyperTrainerLoss(trainer, loss)
void setHyperTrainerLoss(const Napi::CallbackInfo& info) {
  idleTrainerIn(info).trainer->setLoss(lossOptions(info.Env(), info[1]));
}

/// hyperTrainerState(trainer): {step, firstMoments, secondMoments}. The tensors are the optimiser's
/// own: write into them to restore a state.
Napi::Value hyperTrainerState(const Napi::CallbackInfo& info) {
  const HyperTrainerHandle& handle = idleTrainerIn(info);
  return optimizerState(info.Env(), handle.trainer->optimizer(), handle.busy);
}

/// setHyperTrainerStep(trainer, step)
void setHyperTrainerStep(const Napi::CallbackInfo& info) {
  idleTrainerIn(info).trainer->optimizer().setStepCount(toInteger({info.Env(), "step"}, info[1]));
}

}  // namespace

void exposeHyperTrainers(const Napi::Object& exports) {
  expose<createHyperTrainer>(exports, "createHyperTrainer");
  expose<stepHyperTrainer>(exports, "stepHyperTrainer");
  expose<evaluateHyperTrainer>(exports, "evaluateHyperTrainer");
  expose<setHyperTrainerLoss>(exports, "setHyperTrainerLoss");
  expose<hyperTrainerState>(exports, "hyperTrainerState");
  expose<setHyperTrainerStep>(exports, "setHyperTrainerStep");
}

}  // namespace fewsound::binding
