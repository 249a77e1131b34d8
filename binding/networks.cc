#include "binding/networks.h"

#include <ATen/ATen.h>

#include <string>
#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/network_options.h"
#include "binding/option_reader.h"
#include "binding/tensor_handle.h"
#include "native/audio/mel.h"
#include "native/mlp/mlp_stack.h"
#include "native/nn/make_inr.h"
#include "native/spline/bspline.h"
#include "native/spline/kan_stack.h"

namespace fewsound::binding {

NetworkHandle& networkIn(const Napi::CallbackInfo& info, size_t index) {
  return networkIn(info.Env(), info[index]);
}

NetworkHandle& networkIn(napi_env env, napi_value value) {
  NetworkHandle* handle = Handle<NetworkHandle>::find(env, value);
  if (handle == nullptr) Place{env, "network"}.reject(value, "a network");
  if (!handle->network) throw CallError(Code::kDisposed, "the network was disposed of", "network");
  if (handle->busy->load(std::memory_order_acquire)) {
    throw CallError(Code::kInvalidArgument, "the network is being fitted; wait for the fit to end",
                    "network");
  }
  return *handle;
}

namespace {

/// createNetwork(kind, options)
Napi::Value createNetwork(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  auto handle = std::make_unique<NetworkHandle>();
  handle->network = makeInr(networkOptions(env, info[0], info[1]));
  return Handle<NetworkHandle>::make(env, std::move(handle));
}

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
  Inr& network = *networkIn(info, 0).network;
  const at::Tensor t = toTensor({info.Env(), "t"}, info[1]);
  if (isNullish(info.Env(), info[2])) return makeTensor(info.Env(), network.forward(t));
  return makeTensor(info.Env(), network.forward(t, weightsIn(info, 2)));
}

/// networkTensors(network): [name, tensor, learnable][], parameters in registration order, then
/// buffers. The tensors are the network's own.
Napi::Value networkTensors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const NetworkHandle& handle = networkIn(info, 0);
  const Napi::Array list = Napi::Array::New(env);
  const auto append = [&](const std::string& name, const at::Tensor& tensor, bool learnable) {
    const Napi::Array entry = Napi::Array::New(env, 3);
    entry.Set(uint32_t{0}, name);
    entry.Set(uint32_t{1}, makeParameter(env, tensor, handle.busy));
    entry.Set(uint32_t{2}, learnable);
    list.Set(list.Length(), entry);
  };
  for (const auto& item : handle.network->named_parameters())
    append(item.key(), item.value(), true);
  for (const auto& item : handle.network->named_buffers()) append(item.key(), item.value(), false);
  return list;
}

/// networkLayout(network): {name, shape}[], the weights a hypernetwork supplies
Napi::Value networkLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto layout = networkIn(info, 0).network->weightLayout();
  const Napi::Array list = Napi::Array::New(env, layout.size());
  for (uint32_t i = 0; i < layout.size(); ++i) {
    const Napi::Object slot = Napi::Object::New(env);
    slot.Set("name", layout[i].name);
    slot.Set("shape", makeShape(env, layout[i].shape));
    list.Set(i, slot);
  }
  return list;
}

Napi::Value networkParameterCount(const Napi::CallbackInfo& info) {
  const auto count = networkIn(info, 0).network->parameterCount();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

/// moveNetwork(network, device, dtype)
void moveNetwork(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  networkIn(info, 0).network->moveTo(toDevice({env, "device"}, info[1]),
                                     toDtype({env, "dtype"}, info[2]));
}

/// Frees the network now. A second time does nothing.
void disposeNetwork(const Napi::CallbackInfo& info) {
  NetworkHandle* handle = Handle<NetworkHandle>::find(info.Env(), info[0]);
  if (handle == nullptr) Place{info.Env(), "network"}.reject(info[0], "a network");
  if (handle->network) networkIn(info, 0).network.reset();
}

SplineGrid splineGridIn(const Napi::CallbackInfo& info, size_t index) {
  const OptionReader from(info.Env(), info[index], "grid");
  SplineGrid grid;
  from.read("intervals", grid.intervals);
  from.read("order", grid.order);
  from.read("lower", grid.lower);
  from.read("upper", grid.upper);
  constexpr int64_t kMost = 65'536;
  if (grid.intervals < 1 || grid.intervals > kMost || grid.order < 1 || grid.order > 64 ||
      !(grid.lower < grid.upper)) {
    throw CallError(
        Code::kInvalidArgument,
        "a spline grid has 1 to 65536 intervals, an order from 1 to 64 and lower below upper",
        "grid");
  }
  return grid;
}

/// computeSplineKnots({intervals, order, lower, upper}, dtype)
Napi::Value computeSplineKnots(const Napi::CallbackInfo& info) {
  const auto dtype = toDtype({info.Env(), "dtype"}, info[1]);
  return makeTensor(info.Env(), splineKnots(splineGridIn(info, 0), at::TensorOptions(dtype)));
}

/// computeSplineBases(x, {intervals, order, lower, upper})
Napi::Value computeSplineBases(const Napi::CallbackInfo& info) {
  const at::Tensor x = toTensor({info.Env(), "x"}, info[0]);
  if (!at::isFloatingType(x.scalar_type())) {
    throw CallError(Code::kDtypeMismatch, "x must be float32 or float64", "x");
  }
  return makeTensor(info.Env(), splineBases(x, splineGridIn(info, 1)));
}

/// computeMelFilterbank(sampleRate, fftSize, mels, dtype)
Napi::Value computeMelFilterbank(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  return makeTensor(
      env, melFilterbank(toInteger({env, "sampleRate"}, info[0]),
                         toInteger({env, "fftSize"}, info[1]), toInteger({env, "mels"}, info[2]),
                         at::TensorOptions(toDtype({env, "dtype"}, info[3]))));
}

/// setKanPath('fused' | 'reference') and setMlpPath the same
template <typename Path, void (*setPath)(Path)>
void choosePath(const Napi::CallbackInfo& info) {
  const std::string path = toText({info.Env(), "path"}, info[0]);
  if (path == "fused") return setPath(Path::kFused);
  if (path == "reference") return setPath(Path::kReference);
  Place{info.Env(), "path"}.reject(info[0], "'fused' or 'reference'");
}

}  // namespace

void exposeNetworks(const Napi::Object& exports) {
  expose<createNetwork>(exports, "createNetwork");
  expose<networkForward>(exports, "networkForward");
  expose<networkTensors>(exports, "networkTensors");
  expose<networkLayout>(exports, "networkLayout");
  expose<networkParameterCount>(exports, "networkParameterCount");
  expose<moveNetwork>(exports, "moveNetwork");
  expose<disposeNetwork>(exports, "disposeNetwork");
  expose<computeSplineKnots>(exports, "splineKnots");
  expose<computeSplineBases>(exports, "splineBases");
  expose<computeMelFilterbank>(exports, "melFilterbank");
  expose<choosePath<KanPath, setKanPath>>(exports, "setKanPath");
  expose<choosePath<MlpPath, setMlpPath>>(exports, "setMlpPath");
}

}  // namespace fewsound::binding
