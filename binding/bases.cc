#include <ATen/ATen.h>

#include <string>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/read_options.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"
#include "native/audio/log_mel.h"
#include "native/audio/mel.h"
#include "native/mlp/mlp_stack.h"
#include "native/spline/bspline.h"
#include "native/spline/kan_stack.h"

namespace fewsound::binding {
namespace {

/// {intervals, order, lower, upper}
SplineGrid splineGridIn(const Napi::CallbackInfo& info, size_t index) {
  const SplineGrid grid = readOptions<SplineGrid>(info.Env(), info[index], "grid");
  if (grid.lower < grid.upper) return grid;
  throw CallError(Code::kInvalidArgument,
                  c10::str("the grid goes from ", grid.lower, " to ", grid.upper,
                           "; expected the first below the second"),
                  "grid");
}

/// computeSplineKnots(grid, dtype)
Napi::Value computeSplineKnots(const Napi::CallbackInfo& info) {
  const auto dtype = toDtype({info.Env(), "dtype"}, info[1]);
  return makeTensor(info.Env(), splineKnots(splineGridIn(info, 0), at::TensorOptions(dtype)));
}

/// computeSplineBases(x, grid)
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

/// computeWhisperLogMel(audio, mels, frames)
Napi::Value computeWhisperLogMel(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const at::Tensor audio = toTensor({env, "audio"}, info[0]);
  const at::Tensor filterbank =
      melFilterbank(whisper::kSampleRate, whisper::kFftSize, toInteger({env, "mels"}, info[1]),
                    audio.options().requires_grad(false));
  const at::Tensor window = at::hann_window(whisper::kFftSize, filterbank.options());
  return makeTensor(
      env, whisper::logMel(audio, window, filterbank, toInteger({env, "frames"}, info[2])));
}

/// setKanPath('fused' | 'reference'), and setMlpPath the same
template <typename Path, void (*setPath)(Path)>
void choosePath(const Napi::CallbackInfo& info) {
  const std::string path = toText({info.Env(), "path"}, info[0]);
  if (path == "fused") return setPath(Path::kFused);
  if (path == "reference") return setPath(Path::kReference);
  Place{info.Env(), "path"}.reject(info[0], "'fused' or 'reference'");
}

}  // namespace

void exposeBases(const Napi::Object& exports) {
  expose<computeSplineKnots>(exports, "splineKnots");
  expose<computeSplineBases>(exports, "splineBases");
  expose<computeMelFilterbank>(exports, "melFilterbank");
  expose<computeWhisperLogMel>(exports, "whisperLogMel");
  expose<choosePath<KanPath, setKanPath>>(exports, "setKanPath");
  expose<choosePath<MlpPath, setMlpPath>>(exports, "setMlpPath");
}

}  // namespace fewsound::binding
