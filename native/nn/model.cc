#include "native/nn/model.h"

#include <ATen/ATen.h>

namespace fewsound {

void fields(OptionVisitor& visit, ModelOptions& options) {
  visit({.name = "seed",
         .meaning = "Seed of the initial weights. Without it one is drawn from LibTorch's own "
                    "generator, which `manualSeed` sets, and recorded in `options`."},
        options.seed, Whole{0, kLargestWhole});
  visit({.name = "dtype", .meaning = "Precision of the parameters."}, options.dtype);
  visit(
      {.name = "device", .meaning = "Where the model lives. Initial weights do not depend on it."},
      options.device);
}

std::vector<Model::NamedTensor> Model::tensors() const {
  std::vector<NamedTensor> all;
  for (const auto& item : named_parameters()) all.push_back({item.key(), item.value(), true});
  for (const auto& item : named_buffers()) all.push_back({item.key(), item.value(), false});
  return all;
}

std::vector<at::Tensor> Model::learnable() const {
  std::vector<at::Tensor> learnt;
  for (NamedTensor& item : tensors()) {
    if (item.learnable) learnt.push_back(std::move(item.tensor));
  }
  return learnt;
}

int64_t Model::parameterCount() const {
  int64_t count = 0;
  for (const at::Tensor& tensor : learnable()) count += tensor.numel();
  return count;
}

void Model::moveTo(at::Device device, at::ScalarType dtype) {
  TORCH_CHECK_TYPE(isModelDtype(dtype), "a model is float32 or float64, not ", dtype);
  const auto move = [&](at::Tensor tensor) {
    const auto wanted = tensor.is_complex() ? c10::toComplexType(dtype) : dtype;
    tensor.set_data(tensor.to(device, wanted));
    tensor.mutable_grad().reset();
  };
  const at::NoGradGuard noGrad;
  for (const at::Tensor& parameter : parameters()) move(parameter);
  for (const at::Tensor& buffer : buffers()) move(buffer);
}

void Model::checkRecordings(const at::Tensor& audio, int64_t samples) const {
  TORCH_CHECK_VALUE(audio.dim() == 2 && audio.size(1) == samples && audio.size(0) > 0,
                    "the recordings have shape ", audio.sizes(), "; expected [batch, ", samples,
                    "]");
  const at::Tensor own = parameters().front();
  TORCH_CHECK_TYPE(audio.scalar_type() == own.scalar_type(), "the recordings are ",
                   audio.scalar_type(), " but the model is ", own.scalar_type());
  TORCH_CHECK_VALUE(audio.device() == own.device(), "the recordings are on ", audio.device(),
                    " but the model is on ", own.device());
}

}  // namespace fewsound
