#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/register.h"
#include "binding/typed_arrays.h"
#include "native/analysis/filter_responses.h"

namespace fewsound::binding {
namespace {

struct FilterResponsesHandle {
  static constexpr napi_type_tag kTag{0x93c17d5e2fb6480a, 0x6e0a8d31c57f92b4};
  FilterResponsesHandle(const std::vector<at::Tensor>& banks, int64_t stride, int64_t bins,
                        const std::optional<at::Tensor>& spectra)
      : responses(banks, stride, bins, spectra) {}
  FilterResponses responses;
};

/// createFilterResponses(banks, stride, bins, spectra | null)
Napi::Value createFilterResponses(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<at::Tensor> banks = toTensors({env, "banks"}, info[0]);
  const int64_t stride = toInteger({env, "stride"}, info[1]);
  const int64_t bins = toInteger({env, "bins"}, info[2]);
  const auto spectra = Convert<std::optional<at::Tensor>>::from({env, "spectra"}, info[3]);
  return Handle<FilterResponsesHandle>::make(
      env, std::make_unique<FilterResponsesHandle>(banks, stride, bins, spectra));
}

/// The array as a tensor over its memory.
at::Tensor overArray(const Place& place, napi_value value, at::ScalarType dtype,
                     at::IntArrayRef shape) {
  const ArrayView view = viewOf(place, value, dtype == at::kFloat);
  const int64_t needed = c10::multiply_integers(shape);
  if (static_cast<int64_t>(view.length) != needed) {
    throw CallError(Code::kShapeMismatch,
                    c10::str(place.name, " has ", view.length, " elements; expected ", needed),
                    place.name);
  }
  return at::from_blob(view.data, shape, at::dtype(dtype));
}

std::vector<Napi::Value> listIn(const Place& place, const Napi::Value& value) {
  if (!value.IsArray()) place.reject(value, "an array");
  const auto list = value.As<Napi::Array>();
  const uint32_t length = list.Length();
  std::vector<Napi::Value> items;
  items.reserve(length);
  for (uint32_t i = 0; i < length; ++i) items.push_back(list.Get(i));
  return items;
}

/// listen(responses, recordings, range | null, strs, crs): writes over the arrays in `strs`, one
/// for each recording or none, and `crs`
void listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FilterResponses& layer =
      objectIn<FilterResponsesHandle>(info, 0, "layer of filters").responses;
  // All is fetched before anything is looked at, so that no getter of the caller's can detach a
  // buffer afterwards.
  const std::vector<Napi::Value> signals = listIn({env, "recordings"}, info[1]);
  const auto range = Convert<std::optional<double>>::from({env, "range"}, info[2]);
  const std::vector<Napi::Value> arrays = listIn({env, "strs"}, info[3]);
  if (!arrays.empty() && arrays.size() != signals.size()) {
    throw CallError(
        Code::kShapeMismatch,
        c10::str("there are ", arrays.size(), " strs for ", signals.size(), " recordings"), "strs");
  }
  std::vector<at::ArrayRef<float>> recordings;
  std::vector<at::Tensor> strs;
  const int64_t bins = layer.bins() + 1;
  for (size_t i = 0; i < signals.size(); ++i) {
    recordings.push_back(samplesIn({env, "recordings"}, signals[i]));
    if (arrays.empty()) continue;
    const int64_t frames = layer.frames(static_cast<int64_t>(recordings.back().size()));
    strs.push_back(overArray({env, "strs"}, arrays[i], layer.dtype(), {bins, frames}));
  }
  const at::Tensor crs = overArray({env, "crs"}, info[4], layer.dtype(),
                                   {static_cast<int64_t>(recordings.size()), bins});
  layer.listen(recordings, range, strs, crs);
}

/// scaleInput(samples, range): a new Float32Array
Napi::Value scaleInput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double range = toDouble({env, "range"}, info[1]);
  const at::ArrayRef<float> samples = samplesIn({env, "samples"}, info[0]);
  Napi::Float32Array scaled = Napi::Float32Array::New(env, samples.size());
  const InputScale<float> scale(samples, range);
  std::transform(samples.begin(), samples.end(), scaled.Data(), scale);
  return scaled;
}

}  // namespace

void exposeAnalysis(const Napi::Object& exports) {
  expose<createFilterResponses>(exports, "createFilterResponses");
  expose<listen>(exports, "listen");
  expose<scaleInput>(exports, "scaleInput");
}

}  // namespace fewsound::binding
