#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/version.h>

#include "binding/convert.h"
#include "binding/devices.h"
#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/register.h"

namespace fewsound::binding {
namespace {

constexpr int64_t kMostThreads = 1024;

Napi::Value versions(const Napi::CallbackInfo& info) {
  const Napi::Object result = Napi::Object::New(info.Env());
  result.Set("torch", TORCH_VERSION);
  result.Set("parallel", at::get_parallel_info());
  return result;
}

Napi::Value devices(const Napi::CallbackInfo& info) {
  const Napi::Array list = Napi::Array::New(info.Env());
  for (const std::string& name : deviceNames()) list.Set(list.Length(), name);
  return list;
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

void setThreads(const Napi::CallbackInfo& info) {
  const Place place{info.Env(), "threads"};
  const int64_t count = toInteger(place, info[0]);
  if (count < 1 || count > kMostThreads) place.reject(info[0], "a whole number from 1 to 1024");
  at::set_num_threads(static_cast<int>(count));
}

uint64_t seedFrom(const Place& place, napi_value value) {
  const int64_t seed = toInteger(place, value);
  if (seed < 0) place.reject(value, "a whole number, 0 or more");
  return static_cast<uint64_t>(seed);
}

void manualSeed(const Napi::CallbackInfo& info) {
  at::manual_seed(seedFrom({info.Env(), "seed"}, info[0]));
}

Napi::Value createGenerator(const Napi::CallbackInfo& info) {
  const uint64_t seed = seedFrom({info.Env(), "seed"}, info[0]);
  const at::Device device =
      info[1].IsUndefined() ? at::Device(at::kCPU) : toDevice({info.Env(), "device"}, info[1]);
  at::Generator generator = device.is_cpu() ? at::detail::createCPUGenerator(seed)
                                            : at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return Handle<GeneratorHandle>::make(info.Env(), std::make_unique<GeneratorHandle>(generator));
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Ledger& ledger = *Environment::of(env).ledger;
  const Napi::Object bytes = Napi::Object::New(env);
  for (const auto& [device, count] : ledger.bytes()) {
    bytes.Set(device, static_cast<double>(count));
  }
  const Napi::Object result = Napi::Object::New(env);
  result.Set("tensors", static_cast<double>(ledger.tensors()));
  result.Set("bytes", bytes);
  return result;
}

}  // namespace

void exposeProcess(const Napi::Object& exports) {
  expose<versions>(exports, "versions");
  expose<devices>(exports, "devices");
  expose<threads>(exports, "threads");
  expose<setThreads>(exports, "setThreads");
  expose<manualSeed>(exports, "manualSeed");
  expose<createGenerator>(exports, "createGenerator");
  expose<memory>(exports, "memory");
}

}  // namespace fewsound::binding
