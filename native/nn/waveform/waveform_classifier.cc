#include "native/nn/waveform/waveform_classifier.h"

#include <ATen/ATen.h>

#include "native/nn/option_checks.h"

namespace fewsound {
namespace {

constexpr int64_t kMostSamples = 16'777'216;
constexpr int64_t kMostClasses = 65'536;

}  // namespace

WaveformClassifier::WaveformClassifier(const char* name, int64_t samples, int64_t classes)
    : torch::nn::Module(name), samples_(samples), classes_(classes) {
  checkRange("samples", samples, 1, kMostSamples);
  checkRange("classes", classes, 2, kMostClasses);
}

at::Tensor WaveformClassifier::forward(const at::Tensor& audio, const ClassifierPass& pass) {
  checkAudio(audio);
  return compute(audio, pass);
}

void WaveformClassifier::checkAudio(const at::Tensor& audio) const {
  TORCH_CHECK_VALUE(audio.dim() == 2 && audio.size(1) == samples_ && audio.size(0) > 0,
                    "the recordings have shape ", audio.sizes(), "; expected [batch, ", samples_,
                    "]");
  const at::Tensor own = parameters().front();
  TORCH_CHECK_TYPE(audio.scalar_type() == own.scalar_type(), "the recordings are ",
                   audio.scalar_type(), " but the model is ", own.scalar_type());
  TORCH_CHECK_VALUE(audio.device() == own.device(), "the recordings are on ", audio.device(),
                    " but the model is on ", own.device());
}

void WaveformClassifier::moveTo(at::Device device, at::ScalarType dtype) {
  TORCH_CHECK_TYPE(dtype == at::kFloat || dtype == at::kDouble,
                   "a model is float32 or float64, not ", dtype);
  const at::NoGradGuard noGrad;
  for (at::Tensor& tensor : parameters()) {
    tensor.set_data(tensor.to(device, dtype));
    tensor.mutable_grad().reset();
  }
  for (at::Tensor& tensor : buffers()) tensor.set_data(tensor.to(device, dtype));
}

}  // namespace fewsound
