#include <memory>
#include <vector>

#include "binding/errors.h"
#include "binding/job.h"
#include "binding/read_options.h"
#include "binding/register.h"
#include "binding/typed_arrays.h"
#include "native/audio/pitch/pitch.h"

namespace fewsound::binding {
namespace {

/// measurePitch(samples, sampleRate, options): promise of {seconds, frequency, aperiodicity | null}
Napi::Value measurePitch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t rate = toInteger({env, "sampleRate"}, info[1]);
  const auto options = readOptions<PitchOptions>(env, info[2], "pitch options");
  const c10::ArrayRef<float> samples = samplesIn({env, "samples"}, info[0]);
  const auto signal = std::make_shared<std::vector<double>>(samples.begin(), samples.end());
  const auto found = std::make_shared<Pitch>();
  Job::Task task{
      .name = "pitch",
      .work =
          [=](Job& job) { *found = fewsound::measurePitch(*signal, rate, options, job.abort()); },
      .release = [] {},
      .result = [found](Napi::Env ownEnv) -> Napi::Value {
        const Napi::Object result = Napi::Object::New(ownEnv);
        result.Set("seconds", makeNumbers(ownEnv, found->seconds));
        result.Set("frequency", makeNumbers(ownEnv, found->frequency));
        result.Set("aperiodicity", found->aperiodicity.empty()
                                       ? ownEnv.Null()
                                       : Napi::Value(makeNumbers(ownEnv, found->aperiodicity)));
        return result;
      },
  };
  return Job::start(env, std::move(task), {}, std::make_shared<std::atomic<bool>>(false));
}

/// leastPitchSamples(sampleRate, options): how many samples a recording must have
Napi::Value leastPitchSamples(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t rate = toInteger({env, "sampleRate"}, info[0]);
  const auto options = readOptions<PitchOptions>(env, info[1], "pitch options");
  return Napi::Number::New(env, static_cast<double>(fewsound::leastPitchSamples(rate, options)));
}

}  // namespace

void exposeAudio(const Napi::Object& exports) {
  expose<measurePitch>(exports, "measurePitch");
  expose<leastPitchSamples>(exports, "leastPitchSamples");
}

}  // namespace fewsound::binding
