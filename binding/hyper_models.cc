#include "binding/hyper_models.h"

#include <ATen/core/grad_mode.h>

#include <memory>
#include <string>
#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/network_options.h"
#include "binding/network_use.h"
#include "binding/option_reader.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

constexpr const char* kHyperModel = "a FewSound or HyperSound model";

}  // namespace

std::vector<at::Tensor> HyperModelHandle::parameters() const {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : model->parameters()) tensors.push_back(tensor);
  return tensors;
}

HyperModelHandle& hyperModelIn(const Napi::CallbackInfo& info, size_t index) {
  return modelIn<HyperModelHandle>(info, index, kHyperModel);
}

namespace {

WeightMode modeNamed(napi_env env, napi_value value) {
  const std::string mode = toText({env, "mode"}, value);
  if (mode == "target") return WeightMode::kTarget;
  if (mode == "residual") return WeightMode::kResidual;
  if (mode == "modulator") return WeightMode::kModulator;
  Place{env, "mode"}.reject(value, "'target', 'residual' or 'modulator'");
}

/// createHyperModel(options); see HyperModelArgument in lib/addon/models.ts
Napi::Value createHyperModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const OptionReader from(env, info[0], "options");
  const Napi::Object object = info[0].As<Napi::Object>();
  HyperModelOptions options;
  readCommon(from, options);
  from.read("samples", options.samples);
  from.read("hidden", options.hidden);
  from.read("hasUniversal", options.hasUniversal);
  from.read("sharedLayers", options.sharedLayers);
  from.read("sharedEncoding", options.sharedEncoding);
  options.mode = modeNamed(env, object.Get("mode"));

  const OptionReader encoder(env, object.Get("encoder"), "encoder");
  encoder.read("channels", options.encoder.channels);
  encoder.read("dimension", options.encoder.dimension);
  encoder.read("strides", options.encoder.strides);
  encoder.read("layerNorm", options.encoder.layerNorm);

  const OptionReader universal(env, object.Get("universal"), "universal");
  universal.read("kernel", options.universal.kernel);
  universal.read("convolutions", options.universal.convolutions);

  const Napi::Value target = object.Get("target");
  if (!target.IsObject()) Place{env, "target"}.reject(target, "{kind, options}");
  options.target = networkOptions(env, target.As<Napi::Object>().Get("kind"),
                                  target.As<Napi::Object>().Get("options"));

  auto handle = std::make_unique<HyperModelHandle>();
  handle->model = std::make_shared<HyperModel>(options);
  return Handle<HyperModelHandle>::make(env, std::move(handle));
}

/// hyperModelTensors(model): [name, tensor][], what learns; the tensors are the model's own
Napi::Value hyperModelTensors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const HyperModelHandle& handle = hyperModelIn(info, 0);
  const Napi::Array list = Napi::Array::New(env);
  for (const auto& [name, tensor] : handle.model->parameters()) {
    const Napi::Array entry = Napi::Array::New(env, 2);
    entry.Set(uint32_t{0}, name);
    entry.Set(uint32_t{1}, makeParameter(env, tensor, handle.busy));
    list.Set(list.Length(), entry);
  }
  return list;
}

/// hyperModelLayout(model): {name, shape, offset}[], the weights that it writes
Napi::Value hyperModelLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto& slots = hyperModelIn(info, 0).model->layout().slots();
  const Napi::Array list = Napi::Array::New(env, slots.size());
  for (uint32_t i = 0; i < slots.size(); ++i) {
    const Napi::Object slot = Napi::Object::New(env);
    slot.Set("name", slots[i].name);
    slot.Set("shape", makeShape(env, slots[i].shape));
    slot.Set("offset", static_cast<double>(slots[i].offset));
    list.Set(i, slot);
  }
  return list;
}

/// hyperModelCodes(model, audio): z [batch, codeWidth]
Napi::Value hyperModelCodes(const Napi::CallbackInfo& info) {
  return makeTensor(info.Env(),
                    hyperModelIn(info, 0).model->encode(toTensor({info.Env(), "audio"}, info[1])));
}

/// hyperModelVectors(model, audio, factor): theta' [batch, numbers]
Napi::Value hyperModelVectors(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const HyperModel& model = *hyperModelIn(info, 0).model;
  return makeTensor(env, model.write(model.encode(toTensor({env, "audio"}, info[1])),
                                     toDouble({env, "factor"}, info[2])));
}

/// askHyperModel(model, audio, factor): promise of theta' [batch, numbers], without gradients
Napi::Value askHyperModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const HyperModelHandle& handle = hyperModelIn(info, 0);
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  const double factor = toDouble({env, "factor"}, info[2]);
  const auto model = handle.model;
  const auto vectors = std::make_shared<at::Tensor>();
  const auto use = std::make_shared<NetworkUse>(handle.parameters(), handle.busy);
  Job::Task task{
      .name = "encode",
      .work =
          [=](Job&) {
            const at::NoGradGuard noGrad;
            *vectors = model->write(model->encode(audio), factor);
          },
      .release = [use] { use->end(); },
      .result = [vectors](Napi::Env env) { return makeTensor(env, *vectors); },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// hyperModelWeights(model, vectors): the target's weights by name, [batch, …shape] each
Napi::Value hyperModelWeights(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const HyperModel& model = *hyperModelIn(info, 0).model;
  const at::Tensor vectors = toTensor({env, "vectors"}, info[1]);
  if (vectors.dim() != 2 || vectors.size(1) != model.layout().numbers()) {
    throw CallError(Code::kShapeMismatch,
                    "vectors must be [batch, " + std::to_string(model.layout().numbers()) + "]",
                    "vectors");
  }
  const Napi::Object weights = Napi::Object::New(env);
  for (auto& [name, value] : model.weights(vectors)) weights.Set(name, makeTensor(env, value));
  return weights;
}

/// hyperModelForward(model, audio, t, factor): amplitudes [batch, samples of t]
Napi::Value hyperModelForward(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const HyperModel& model = *hyperModelIn(info, 0).model;
  return makeTensor(env,
                    model.forward(toTensor({env, "audio"}, info[1]), toTensor({env, "t"}, info[2]),
                                  toDouble({env, "factor"}, info[3])));
}

/// moveHyperModel(model, device, dtype)
void moveHyperModel(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  hyperModelIn(info, 0).model->moveTo(toDevice({env, "device"}, info[1]),
                                      toDtype({env, "dtype"}, info[2]));
}

void disposeHyperModel(const Napi::CallbackInfo& info) {
  disposeModel<HyperModelHandle>(info, kHyperModel);
}

}  // namespace

void exposeHyperModels(const Napi::Object& exports) {
  expose<createHyperModel>(exports, "createHyperModel");
  expose<hyperModelTensors>(exports, "hyperModelTensors");
  expose<hyperModelLayout>(exports, "hyperModelLayout");
  expose<hyperModelCodes>(exports, "hyperModelCodes");
  expose<hyperModelVectors>(exports, "hyperModelVectors");
  expose<askHyperModel>(exports, "askHyperModel");
  expose<hyperModelWeights>(exports, "hyperModelWeights");
  expose<hyperModelForward>(exports, "hyperModelForward");
  expose<moveHyperModel>(exports, "moveHyperModel");
  expose<disposeHyperModel>(exports, "disposeHyperModel");
}

}  // namespace fewsound::binding
