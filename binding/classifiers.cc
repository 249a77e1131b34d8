#include "binding/classifiers.h"

#include <ATen/CPUGeneratorImpl.h>
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
#include "native/nn/waveform/make_classifier.h"

namespace fewsound::binding {

ClassifierHandle& classifierIn(const Napi::CallbackInfo& info, size_t index) {
  return modelIn<ClassifierHandle>(info, index, "a classifier");
}

namespace {

std::vector<WaveformLayer> layersIn(napi_env env, const Napi::Value& value) {
  if (!value.IsArray()) Place{env, "layers"}.reject(value, "an array of layers");
  const auto list = value.As<Napi::Array>();
  std::vector<WaveformLayer> layers;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const OptionReader from(env, list.Get(i), "layers");
    WaveformLayer& layer = layers.emplace_back();
    from.read("kernels", layer.kernels);
    from.read("filters", layer.filters);
    from.read("stride", layer.stride);
    from.read("pooling", layer.pooling);
  }
  return layers;
}

AnyClassifierOptions classifierOptions(napi_env env, napi_value kind, const Napi::Value& value) {
  const std::string name = toText({env, "kind"}, kind);
  const OptionReader from(env, value, "options");
  if (name == "waveform-cnn") {
    WaveformCnnOptions options;
    readCommon(from, options);
    from.read("samples", options.samples);
    from.read("classes", options.classes);
    options.layers = layersIn(env, value.As<Napi::Object>().Get("layers"));
    from.read("hidden", options.hidden);
    from.read("dropout", options.dropout);
    return options;
  }
  if (name != "res-tssdnet" && name != "inc-tssdnet") {
    Place{env, "kind"}.reject(kind, "'waveform-cnn', 'res-tssdnet' or 'inc-tssdnet'");
  }
  TssdnetOptions options;
  readCommon(from, options);
  from.read("samples", options.samples);
  from.read("classes", options.classes);
  options.block = name == "res-tssdnet" ? TssdnetBlock::kResidual : TssdnetBlock::kInception;
  return options;
}

/// createClassifier(kind, options); see ClassifierArgument in lib/addon/models.ts
Napi::Value createClassifier(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  auto handle = std::make_unique<ClassifierHandle>();
  handle->model = makeClassifier(classifierOptions(env, info[0], info[1]));
  return Handle<ClassifierHandle>::make(env, std::move(handle));
}

/// classifierTensors(model): [name, tensor, learnable][], parameters, then the running statistics;
/// the tensors are the model's own
Napi::Value classifierTensors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClassifierHandle& handle = classifierIn(info, 0);
  const Napi::Array list = Napi::Array::New(env);
  const auto append = [&](const auto& items, bool learnable) {
    for (const auto& item : items) {
      const Napi::Array entry = Napi::Array::New(env, 3);
      entry.Set(uint32_t{0}, item.key());
      entry.Set(uint32_t{1}, makeParameter(env, item.value(), handle.busy));
      entry.Set(uint32_t{2}, learnable);
      list.Set(list.Length(), entry);
    }
  };
  append(handle.model->named_parameters(), true);
  append(handle.model->named_buffers(), false);
  return list;
}

/// classifierForward(model, audio, seed | null): logits [batch, classes]; with a seed as in
/// training, by the batch's own statistics and with dropout drawn from it
Napi::Value classifierForward(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  WaveformClassifier& model = *classifierIn(info, 0).model;
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  ClassifierPass pass;
  if (!isNullish(env, info[2])) {
    pass.learning = true;
    pass.generator = at::make_generator<at::CPUGeneratorImpl>(
        static_cast<uint64_t>(toInteger({env, "seed"}, info[2])));
  }
  return makeTensor(env, model.forward(audio, pass));
}

/// askClassifier(model, audio): promise of logits [batch, classes], without gradients
Napi::Value askClassifier(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClassifierHandle& handle = classifierIn(info, 0);
  const at::Tensor audio = toTensor({env, "audio"}, info[1]);
  const auto model = handle.model;
  model->checkAudio(audio);
  const auto logits = std::make_shared<at::Tensor>();
  const auto use = std::make_shared<NetworkUse>(model->parameters(), handle.busy);
  Job::Task task{
      .name = "classify",
      .work =
          [=](Job&) {
            const at::NoGradGuard noGrad;
            *logits = model->forward(audio);
          },
      .release = [use] { use->end(); },
      .result = [logits](Napi::Env env) { return makeTensor(env, *logits); },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// moveClassifier(model, device, dtype)
void moveClassifier(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  classifierIn(info, 0).model->moveTo(toDevice({env, "device"}, info[1]),
                                      toDtype({env, "dtype"}, info[2]));
}

void disposeClassifier(const Napi::CallbackInfo& info) {
  disposeModel<ClassifierHandle>(info, "a classifier");
}

}  // namespace

void exposeClassifiers(const Napi::Object& exports) {
  expose<createClassifier>(exports, "createClassifier");
  expose<classifierTensors>(exports, "classifierTensors");
  expose<classifierForward>(exports, "classifierForward");
  expose<askClassifier>(exports, "askClassifier");
  expose<moveClassifier>(exports, "moveClassifier");
  expose<disposeClassifier>(exports, "disposeClassifier");
}

}  // namespace fewsound::binding
