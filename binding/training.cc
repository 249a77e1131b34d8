#include <ATen/ATen.h>

#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/read_options.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"
#include "native/loss/reconstruction_loss.h"
#include "native/train/adamw.h"
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

/// createLoss(options)
Napi::Value createLoss(const Napi::CallbackInfo& info) {
  return Handle<LossHandle>::make(
      info.Env(), std::make_unique<LossHandle>(
                      readOptions<ReconstructionLossOptions>(info.Env(), info[0], "loss")));
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
                                         readOptions<AdamWOptions>(env, info[1], "optimizer"),
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
  const ScheduledRate rate = rateAt(readOptions<ScheduleOptions>(env, info[0], "schedule"),
                                    toInteger({env, "step"}, info[1]));
  const Napi::Object result = Napi::Object::New(env);
  result.Set("learningRate", rate.learningRate);
  result.Set("beta1", rate.beta1);
  return result;
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
}

}  // namespace fewsound::binding
