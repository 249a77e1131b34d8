#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "binding/convert.h"
#include "binding/dtype.h"
#include "binding/errors.h"
#include "binding/network_use.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

Napi::Value gradEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::GradMode::is_enabled());
}

/// Of this thread, and so of this environment.
void setGradEnabled(const Napi::CallbackInfo& info) {
  at::GradMode::set_enabled(toBool({info.Env(), "enabled"}, info[0]));
}

Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), toTensor({info.Env(), "tensor"}, info[0]).requires_grad());
}

void setRequiresGrad(const Napi::CallbackInfo& info) {
  const at::Tensor tensor = toTensor({info.Env(), "tensor"}, info[0]);
  const bool required = toBool({info.Env(), "requiresGrad"}, info[1]);
  if (required && !isDifferentiable(tensor.scalar_type())) {
    throw CallError(Code::kDtypeMismatch,
                    c10::str("a tensor of ", tensor.scalar_type(),
                             " has no gradient; only floating point and complex ones do"));
  }
  tensor.requires_grad_(required);
}

Napi::Value isLeaf(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), toTensor({info.Env(), "tensor"}, info[0]).is_leaf());
}

Napi::Value grad(const Napi::CallbackInfo& info) {
  const at::Tensor tensor = toTensor({info.Env(), "tensor"}, info[0]);
  // LibTorch warns, on stderr, where somebody asks a tensor that cannot have one.
  if (!tensor.is_leaf() && !tensor.retains_grad()) return info.Env().Null();
  const at::Tensor& gradient = tensor.grad();
  return gradient.defined() ? makeTensor(info.Env(), gradient) : Napi::Value(info.Env().Null());
}

void setGrad(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const at::Tensor tensor = toTensor({env, "tensor"}, info[0]);
  if (isNullish(env, info[1])) {
    tensor.mutable_grad().reset();
    return;
  }
  const at::Tensor gradient = toTensor({env, "grad"}, info[1]);
  if (gradient.sizes() != tensor.sizes()) {
    throw CallError(Code::kShapeMismatch, "a gradient has the shape of its tensor", "grad");
  }
  if (gradient.scalar_type() != tensor.scalar_type() || gradient.device() != tensor.device()) {
    throw CallError(Code::kDtypeMismatch, "a gradient has the dtype and device of its tensor",
                    "grad");
  }
  tensor.mutable_grad() = gradient;
}

/// backward(tensor, gradient | null, retainGraph, createGraph)
void backward(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const at::Tensor tensor = toTensor({env, "tensor"}, info[0]);
  const auto gradient = Convert<std::optional<at::Tensor>>::from({env, "gradient"}, info[1]);
  const bool retainGraph = toBool({env, "retainGraph"}, info[2]);
  const bool createGraph = toBool({env, "createGraph"}, info[3]);
  requireIdleGraph({tensor});
  torch::autograd::backward({tensor}, {gradient.value_or(at::Tensor())}, retainGraph || createGraph,
                            createGraph);
}

/// gradients(outputs, inputs, gradOutputs | null, retainGraph, createGraph): (tensor | null)[];
/// null for an input that no output depends on.
Napi::Value gradients(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const auto outputs = toTensors({env, "outputs"}, info[0]);
  const auto inputs = toTensors({env, "inputs"}, info[1]);
  std::vector<at::Tensor> gradOutputs;
  if (!isNullish(env, info[2])) gradOutputs = toTensors({env, "gradOutputs"}, info[2]);
  const bool retainGraph = toBool({env, "retainGraph"}, info[3]);
  const bool createGraph = toBool({env, "createGraph"}, info[4]);
  if (outputs.empty() || inputs.empty()) {
    throw CallError(Code::kInvalidArgument,
                    "outputs and inputs must hold at least one tensor each");
  }
  if (!gradOutputs.empty() && gradOutputs.size() != outputs.size()) {
    throw CallError(Code::kInvalidArgument,
                    c10::str("gradOutputs has ", gradOutputs.size(), " tensors for ",
                             outputs.size(), " outputs"),
                    "gradOutputs");
  }
  requireIdleGraph(outputs);
  const auto found =
      torch::autograd::grad(outputs, inputs, gradOutputs, retainGraph || createGraph, createGraph,
                            /*allow_unused=*/true);
  const Napi::Array list = Napi::Array::New(env, found.size());
  for (uint32_t i = 0; i < found.size(); ++i) {
    list.Set(i,
             found[i].defined() ? makeTensor(env, found[i]) : Napi::Value(Napi::Env(env).Null()));
  }
  return list;
}

}  // namespace

void exposeAutograd(const Napi::Object& exports) {
  expose<gradEnabled>(exports, "gradEnabled");
  expose<setGradEnabled>(exports, "setGradEnabled");
  expose<requiresGrad>(exports, "requiresGrad");
  expose<setRequiresGrad>(exports, "setRequiresGrad");
  expose<isLeaf>(exports, "isLeaf");
  expose<grad>(exports, "grad");
  expose<setGrad>(exports, "setGrad");
  expose<backward>(exports, "backward");
  expose<gradients>(exports, "gradients");
}

}  // namespace fewsound::binding
