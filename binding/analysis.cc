#include "binding/analysis.h"

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
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

/// A typed array of JavaScript's as a tensor over its memory, for as long as this call takes.
at::Tensor overArray(const Place& place, napi_value value, at::ScalarType dtype,
                     at::IntArrayRef shape) {
  const bool single = dtype == at::kFloat;
  bool isTypedArray = false;
  napi_is_typedarray(place.env, value, &isTypedArray);
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  if (!isTypedArray ||
      napi_get_typedarray_info(place.env, value, &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != (single ? napi_float32_array : napi_float64_array)) {
    place.reject(value, single ? "a Float32Array" : "a Float64Array");
  }
  const int64_t needed = c10::multiply_integers(shape);
  if (static_cast<int64_t>(length) != needed) {
    throw CallError(Code::kShapeMismatch,
                    c10::str(place.name, " has ", length, " elements; expected ", needed),
                    place.name);
  }
  return at::from_blob(data, shape, at::dtype(dtype));
}

/// listen(responses, signals, strs, crs): writes over the arrays in `strs`, one for each signal or
/// none, and `crs`
void listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FilterResponses& layer =
      objectIn<FilterResponsesHandle>(info, 0, "layer of filters").responses;
  const at::Tensor signals = toTensor({env, "signals"}, info[1]);
  if (signals.dim() != 2) {
    throw CallError(Code::kShapeMismatch,
                    c10::str("signals have ", signals.dim(), " dimensions; expected 2"), "signals");
  }
  if (!info[2].IsArray()) Place{env, "strs"}.reject(info[2], "an array");
  const auto list = info[2].As<Napi::Array>();
  // All is fetched before anything is looked at, so that no getter of the caller's can detach a
  // buffer afterwards.
  std::vector<Napi::Value> arrays;
  for (uint32_t i = 0; i < list.Length(); ++i) arrays.push_back(list.Get(i));
  std::vector<at::Tensor> strs;
  const int64_t bins = layer.bins() + 1;
  for (const Napi::Value& array : arrays) {
    strs.push_back(
        overArray({env, "strs"}, array, layer.dtype(), {bins, layer.frames(signals.size(1))}));
  }
  const at::Tensor crs = overArray({env, "crs"}, info[3], layer.dtype(), {signals.size(0), bins});
  layer.listen(signals, strs, crs);
}

}  // namespace

void exposeAnalysis(const Napi::Object& exports) {
  expose<createFilterResponses>(exports, "createFilterResponses");
  expose<listen>(exports, "listen");
}

}  // namespace fewsound::binding
