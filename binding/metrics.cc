#include <ATen/ATen.h>

#include <memory>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/job.h"
#include "binding/register.h"
#include "native/metrics/cdpam.h"
#include "native/metrics/log_spectral_distance.h"
#include "native/metrics/stoi.h"

namespace fewsound::binding {
namespace {

/// measureLogSpectralDistance(reference, degraded, sampleRate): the distance
Napi::Value measureLogSpectralDistance(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Napi::Number::New(env, logSpectralDistance(toTensor({env, "reference"}, info[0]),
                                                    toTensor({env, "degraded"}, info[1]),
                                                    toDouble({env, "sampleRate"}, info[2])));
}

/// measureStoi(reference, degraded, sampleRate, extended): promise of {score, tooShort}
Napi::Value measureStoi(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor reference = toTensor({env, "reference"}, info[0]);
  const at::Tensor degraded = toTensor({env, "degraded"}, info[1]);
  const int64_t sampleRate = toInteger({env, "sampleRate"}, info[2]);
  const bool extended = toBool({env, "extended"}, info[3]);
  const auto found = std::make_shared<Stoi>();
  Job::Task task{
      .name = "stoi",
      .work = [=](Job&) { *found = stoi(reference, degraded, sampleRate, extended); },
      .release = [] {},
      .result = [found](Napi::Env ownEnv) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(ownEnv);
        result.Set("score", found->score);
        result.Set("tooShort", found->tooShort);
        return result;
      },
  };
  return Job::start(env, std::move(task), {}, std::make_shared<std::atomic<bool>>(false));
}

struct CdpamHandle {
  static constexpr napi_type_tag kTag{0x2c7e91d5b08a46f3, 0x85d3f60c9ab1e742};
  explicit CdpamHandle(const std::vector<at::Tensor>& weights)
      : network(std::make_shared<const Cdpam>(weights)) {}
  std::shared_ptr<const Cdpam> network;
};

/// createCdpam(weights), in the order of the network
Napi::Value createCdpam(const Napi::CallbackInfo& info) {
  return Handle<CdpamHandle>::make(
      info.Env(), std::make_unique<CdpamHandle>(toTensors({info.Env(), "weights"}, info[0])));
}

/// measureCdpam(network, reference, degraded): promise of the distance
Napi::Value measureCdpam(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto network = objectIn<CdpamHandle>(info, 0, "network").network;
  const at::Tensor reference = toTensor({env, "reference"}, info[1]);
  const at::Tensor degraded = toTensor({env, "degraded"}, info[2]);
  const auto found = std::make_shared<double>();
  const auto abort = std::make_shared<std::atomic<bool>>(false);
  Job::Task task{
      .name = "cdpam",
      .work = [=](Job& job) { *found = network->distance(reference, degraded, job.abort()); },
      .release = [] {},
      .result = [found](Napi::Env ownEnv) { return Napi::Number::New(ownEnv, *found); },
  };
  return Job::start(env, std::move(task), {}, abort);
}

}  // namespace

void exposeMetrics(const Napi::Object& exports) {
  expose<measureLogSpectralDistance>(exports, "measureLogSpectralDistance");
  expose<measureStoi>(exports, "measureStoi");
  expose<createCdpam>(exports, "createCdpam");
  expose<measureCdpam>(exports, "measureCdpam");
}

}  // namespace fewsound::binding
