#include "binding/models.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "binding/job.h"
#include "binding/read_options.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"
#include "native/nn/networks.h"

namespace fewsound::binding {
namespace {

/// A model of a kind of one family; null where the family has no such kind. Without memory its
/// tensors have shapes only.
template <class Product>
std::shared_ptr<Model> makeOf(napi_env env, const std::string& kind, napi_value given,
                              bool withoutMemory, std::vector<const char*>& kinds) {
  const auto* const row = AnyOptions<Product>::rowNamed(kind);
  if (row == nullptr) {
    for (const auto& each : AnyOptions<Product>::rows()) kinds.push_back(each.name);
    return nullptr;
  }
  AnyOptions<Product> options(*row);
  readFields(env, given, "options", [&](OptionVisitor& visit) {
    options.visitFields(visit);
    fields(visit, *options.common());
  });
  options.common()->withoutMemory = withoutMemory;
  auto model = options.make();
  const ModelOptions& common = *options.common();
  if (!withoutMemory && !common.device.is_cpu()) model->moveTo(common.device, common.dtype);
  return model;
}

/// The model of (kind, options), the first arguments.
std::shared_ptr<Model> makeModel(const Napi::CallbackInfo& info, bool withoutMemory) {
  const napi_env env = info.Env();
  const std::string kind = toText({env, "kind"}, info[0]);
  std::vector<const char*> kinds;
  for (const auto make : {makeOf<Inr>, makeOf<HyperModel>, makeOf<WaveformClassifier>}) {
    if (auto model = make(env, kind, info[1], withoutMemory, kinds)) return model;
  }
  Place{env, "kind"}.reject(info[0], oneOf(kinds));
}

/// createModel(kind, options)
Napi::Value createModel(const Napi::CallbackInfo& info) {
  auto handle = std::make_unique<ModelHandle>();
  handle->model = makeModel(info, false);
  return Handle<ModelHandle>::make(info.Env(), std::move(handle));
}

/// A list of [name, value of its tensor, learnable], what learns first.
Napi::Array listTensors(Napi::Env env, const Model& model,
                        const std::function<Napi::Value(const at::Tensor&)>& value) {
  const Napi::Array list = Napi::Array::New(env);
  for (const Model::NamedTensor& item : model.tensors()) {
    const Napi::Array entry = Napi::Array::New(env, 3);
    entry.Set(uint32_t{0}, item.name);
    entry.Set(uint32_t{1}, value(item.tensor));
    entry.Set(uint32_t{2}, item.learnable);
    list.Set(list.Length(), entry);
  }
  return list;
}

/// describeModel(kind, options): [name, shape, learnable][], without making it
Napi::Value describeModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return listTensors(env, *makeModel(info, true),
                     [&](const at::Tensor& tensor) { return makeShape(env, tensor.sizes()); });
}

/// modelTensors(model): [name, tensor, learnable][]; the tensors are the model's own
Napi::Value modelTensors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto [model, busy] = modelIn(info);
  return listTensors(env, *model, [env, flag = busy](const at::Tensor& tensor) {
    return makeParameter(env, tensor, flag);
  });
}

Napi::Value modelParameterCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(modelIn(info).model->parameterCount()));
}

/// moveModel(model, device, dtype)
void moveModel(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  modelIn(info).model->moveTo(toDevice({env, "device"}, info[1]), toDtype({env, "dtype"}, info[2]));
}

/// Frees the model now. A second time does nothing.
void disposeModel(const Napi::CallbackInfo& info) {
  ModelHandle* const handle = Handle<ModelHandle>::find(info.Env(), info[0]);
  if (handle != nullptr && !handle->model) return;
  (void)modelIn(info);  // throws where it is none or in use
  handle->model.reset();
}

/// A promise of a tensor that a model gives on a thread of its own, without gradients.
template <class T>
Napi::Value ask(Napi::Env env, const ModelIn<T>& asked, const char* name,
                std::function<at::Tensor(T& model)> work) {
  const auto model = asked.model;
  const auto answer = std::make_shared<at::Tensor>();
  const auto use = std::make_shared<NetworkUse>(model->learnable(), asked.busy);
  Job::Task task{
      .name = name,
      .work =
          [=](Job&) {
            const at::NoGradGuard noGrad;
            *answer = work(*model);
          },
      .release = [use] { use->end(); },
      .result = [answer](Napi::Env env) { return makeTensor(env, *answer); },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

// Networks

WeightMap weightsIn(const Napi::CallbackInfo& info, size_t index) {
  const Napi::Env env = info.Env();
  if (!info[index].IsObject()) Place{env, "weights"}.reject(info[index], "tensors by name");
  const Napi::Object object = info[index].As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  WeightMap weights;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    weights.emplace(name, toTensor({env, name.c_str()}, object.Get(name)));
  }
  return weights;
}

/// networkForward(network, t, weights | null)
Napi::Value networkForward(const Napi::CallbackInfo& info) {
  const auto network = modelIn<Inr>(info).model;
  const at::Tensor t = toTensor({info.Env(), "t"}, info[1]);
  if (isNullish(info.Env(), info[2])) return makeTensor(info.Env(), network->forward(t));
  return makeTensor(info.Env(), network->forward(t, weightsIn(info, 2)));
}

/// {name, shape}
Napi::Object slotObject(Napi::Env env, const std::string& name, at::IntArrayRef shape) {
  const Napi::Object slot = Napi::Object::New(env);
  slot.Set("name", name);
  slot.Set("shape", makeShape(env, shape));
  return slot;
}

/// networkLayout(network): {name, shape}[], the weights that `networkForward` takes
Napi::Value networkLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Array list = Napi::Array::New(env);
  for (const WeightSlot& slot : modelIn<Inr>(info).model->weightLayout()) {
    list.Set(list.Length(), slotObject(env, slot.name, slot.shape));
  }
  return list;
}

// Hypernetworks

/// hyperModelLayout(model): {name, shape, offset}[], the weights that it writes
Napi::Value hyperModelLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Array list = Napi::Array::New(env);
  for (const WeightVector::Slot& slot : modelIn<HyperModel>(info).model->layout().slots()) {
    Napi::Object written = slotObject(env, slot.name, slot.shape);
    written.Set("offset", static_cast<double>(slot.offset));
    list.Set(list.Length(), written);
  }
  return list;
}

/// hyperModelCodes(model, audio): z [batch, codeWidth]
Napi::Value hyperModelCodes(const Napi::CallbackInfo& info) {
  const auto model = modelIn<HyperModel>(info).model;
  return makeTensor(info.Env(), model->encode(toTensor({info.Env(), "audio"}, info[1])));
}

/// hyperModelFeatures(model, audio): what the encoder shows of recordings, by name
Napi::Value hyperModelFeatures(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto model = modelIn<HyperModel>(info).model;
  const Napi::Object features = Napi::Object::New(env);
  for (auto& [name, value] : model->features(toTensor({env, "audio"}, info[1]))) {
    features.Set(name, makeTensor(env, value));
  }
  return features;
}

/// hyperModelVectors(model, audio, factor): theta' [batch, numbers]
Napi::Value hyperModelVectors(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const auto model = modelIn<HyperModel>(info).model;
  return makeTensor(env, model->write(model->encode(toTensor({env, "audio"}, info[1])),
                                      toDouble({env, "factor"}, info[2])));
}

/// askHyperModel(model, audio, factor): promise of the same, without gradients
Napi::Value askHyperModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  const double factor = toDouble({env, "factor"}, info[2]);
  return ask<HyperModel>(env, modelIn<HyperModel>(info), "encode", [=](HyperModel& model) {
    return model.write(model.encode(audio), factor);
  });
}

/// hyperModelWeights(model, vectors): the target's weights by name, [batch, …shape] each
Napi::Value hyperModelWeights(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto model = modelIn<HyperModel>(info).model;
  const at::Tensor vectors = toTensor({env, "vectors"}, info[1]);
  if (vectors.dim() != 2 || vectors.size(1) != model->layout().numbers()) {
    throw CallError(Code::kShapeMismatch,
                    "vectors must be [batch, " + std::to_string(model->layout().numbers()) + "]",
                    "vectors");
  }
  const Napi::Object weights = Napi::Object::New(env);
  for (auto& [name, value] : model->weights(vectors)) weights.Set(name, makeTensor(env, value));
  return weights;
}

/// hyperModelForward(model, audio, t, factor): amplitudes [batch, samples of t]
Napi::Value hyperModelForward(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const auto model = modelIn<HyperModel>(info).model;
  return makeTensor(env,
                    model->forward(toTensor({env, "audio"}, info[1]), toTensor({env, "t"}, info[2]),
                                   toDouble({env, "factor"}, info[3])));
}

// Classifiers

/// classifierForward(model, audio, seed | null): logits [batch, classes]; with a seed as in
/// training, by the batch's own statistics and with dropout drawn from it
Napi::Value classifierForward(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const auto model = modelIn<WaveformClassifier>(info).model;
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  ClassifierPass pass;
  if (!isNullish(env, info[2])) {
    pass.learning = true;
    pass.generator = at::make_generator<at::CPUGeneratorImpl>(
        static_cast<uint64_t>(toInteger({env, "seed"}, info[2])));
  }
  return makeTensor(env, model->forward(audio, pass));
}

/// askClassifier(model, audio): promise of logits [batch, classes], without gradients
Napi::Value askClassifier(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto asked = modelIn<WaveformClassifier>(info);
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  asked.model->checkAudio(audio);
  return ask<WaveformClassifier>(
      env, asked, "classify", [audio](WaveformClassifier& model) { return model.forward(audio); });
}

}  // namespace

void exposeModels(const Napi::Object& exports) {
  expose<createModel>(exports, "createModel");
  expose<describeModel>(exports, "describeModel");
  expose<modelTensors>(exports, "modelTensors");
  expose<modelParameterCount>(exports, "modelParameterCount");
  expose<moveModel>(exports, "moveModel");
  expose<disposeModel>(exports, "disposeModel");
  expose<networkForward>(exports, "networkForward");
  expose<networkLayout>(exports, "networkLayout");
  expose<hyperModelLayout>(exports, "hyperModelLayout");
  expose<hyperModelCodes>(exports, "hyperModelCodes");
  expose<hyperModelFeatures>(exports, "hyperModelFeatures");
  expose<hyperModelVectors>(exports, "hyperModelVectors");
  expose<askHyperModel>(exports, "askHyperModel");
  expose<hyperModelWeights>(exports, "hyperModelWeights");
  expose<hyperModelForward>(exports, "hyperModelForward");
  expose<classifierForward>(exports, "classifierForward");
  expose<askClassifier>(exports, "askClassifier");
}

}  // namespace fewsound::binding
