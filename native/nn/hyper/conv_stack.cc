#include "native/nn/hyper/conv_stack.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "native/gradients_through.h"
#include "native/nn/hyper/cpu/conv_stack_cpu.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The stages' tensors in a row, as autograd wants them.
variable_list flatten(const std::vector<ConvStage>& stages) {
  variable_list flat;
  for (const ConvStage& stage : stages) {
    flat.push_back(stage.weight);
    flat.push_back(stage.bias);
    if (!stage.gain.defined()) continue;
    flat.push_back(stage.gain);
    flat.push_back(stage.shift);
  }
  return flat;
}

/// The numbers of the stages in a row.
std::vector<int64_t> numbersOf(const std::vector<ConvStage>& stages) {
  std::vector<int64_t> numbers;
  for (const ConvStage& stage : stages) {
    numbers.insert(
        numbers.end(),
        {stage.stride, stage.dilation, static_cast<int64_t>(stage.activated),
         static_cast<int64_t>(stage.residual), static_cast<int64_t>(stage.gain.defined())});
  }
  return numbers;
}

std::vector<ConvStage> unflatten(at::TensorList flat, const std::vector<int64_t>& numbers) {
  std::vector<ConvStage> stages;
  size_t next = 0;
  for (size_t i = 0; i < numbers.size(); i += 5) {
    ConvStage& stage = stages.emplace_back();
    stage.weight = flat[next++];
    stage.bias = flat[next++];
    stage.stride = numbers[i];
    stage.dilation = numbers[i + 1];
    stage.activated = numbers[i + 2] != 0;
    stage.residual = numbers[i + 3] != 0;
    if (numbers[i + 4] == 0) continue;
    stage.gain = flat[next++];
    stage.shift = flat[next++];
  }
  return stages;
}

class ConvStackFunction : public torch::autograd::Function<ConvStackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList flat,
                            const std::vector<int64_t>& numbers, bool keep) {
    cpu::ConvStackOutput output = cpu::convForward(x, unflatten(flat, numbers), keep);
    if (keep) {
      variable_list saved{x, output.kept};
      saved.insert(saved.end(), flat.begin(), flat.end());
      context->save_for_backward(std::move(saved));
      context->saved_data["numbers"] = numbers;
    }
    return output.y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const std::vector<ConvStage> stages =
        unflatten(at::TensorList(saved.data() + 2, saved.size() - 2),
                  context->saved_data["numbers"].toIntVector());
    variable_list gradients;
    if (at::GradMode::is_enabled()) {
      variable_list inputs{x};
      inputs.insert(inputs.end(), saved.begin() + 2, saved.end());
      gradients = gradientsThrough([&] { return convStackReference(x, stages); }, inputs,
                                   outputGradients[0]);
    } else {
      const cpu::ConvStackGradients found =
          cpu::convBackward(x, stages, saved[1], outputGradients[0].resolve_neg().contiguous(),
                            context->needs_input_grad(0));
      gradients.push_back(found.x);
      const variable_list flat = flatten(found.stages);
      gradients.insert(gradients.end(), flat.begin(), flat.end());
    }
    gradients.insert(gradients.end(), 2, at::Tensor());  // the numbers and the flag have none
    return gradients;
  }
};

/// Whether everything fits together and is what the kernels compute; where something does not, the
/// operators say what.
bool takesStack(const at::Tensor& x, const std::vector<ConvStage>& stages) {
  const auto dtype = x.scalar_type();
  if (!x.is_cpu() || (dtype != at::kFloat && dtype != at::kDouble)) return false;
  if (at::autocast::is_autocast_enabled(at::kCPU)) return false;
  if (x.dim() != 3 || x.numel() == 0 || stages.empty()) return false;
  int64_t channels = x.size(1);
  int64_t time = x.size(2);
  for (size_t i = 0; i < stages.size(); ++i) {
    const ConvStage& stage = stages[i];
    for (const at::Tensor& each : flatten({stage})) {
      if (!each.is_cpu() || each.scalar_type() != dtype) return false;
    }
    if (stage.weight.dim() != 3 || stage.weight.size(1) != channels) return false;
    if (stage.weight.numel() == 0) return false;
    const int64_t kernel = stage.weight.size(2);
    // A strided one is computed as one of step 1 over each stride's numbers as channels.
    if (stage.stride > 1 && (stage.dilation > 1 || kernel % stage.stride != 0)) return false;
    channels = stage.weight.size(0);
    time = (time + stage.stride - 1) / stage.stride;
    if (stage.residual) {
      const bool unit = i > 0 && !stages[i - 1].residual && stage.stride == 1 &&
                        stages[i - 1].stride == 1 && stages[i - 1].weight.size(1) == channels;
      if (!unit) return false;
    }
    if (stage.bias.numel() != channels) return false;
    if (!stage.gain.defined()) continue;
    const std::vector<int64_t> shape{channels, time};
    if (stage.gain.sizes() != shape || stage.shift.sizes() != shape) return false;
  }
  return true;
}

}  // namespace

at::Tensor convStack(const at::Tensor& x, const std::vector<ConvStage>& stages) {
  if (!takesStack(x, stages)) return convStackReference(x, stages);
  variable_list flat = flatten(stages);
  bool keep = x.requires_grad();
  for (at::Tensor& tensor : flat) {
    tensor = tensor.resolve_neg().contiguous();
    keep = keep || tensor.requires_grad();
  }
  return ConvStackFunction::apply(x.resolve_neg().contiguous(), at::TensorList(flat),
                                  numbersOf(stages), keep && at::GradMode::is_enabled());
}

at::Tensor convStackReference(const at::Tensor& x, const std::vector<ConvStage>& stages) {
  at::Tensor before;  // what the stage before got
  at::Tensor now = x;
  for (const ConvStage& stage : stages) {
    const int64_t past = stage.dilation * (stage.weight.size(2) - 1);
    const at::Tensor padded = past == 0 ? now : at::constant_pad_nd(now, {past, 0});
    at::Tensor y = at::conv1d(padded, stage.weight, stage.bias, {stage.stride}, at::IntArrayRef{0},
                              {stage.dilation});
    if (stage.gain.defined()) y = at::layer_norm(y, stage.gain.sizes(), stage.gain, stage.shift);
    // In place: what comes before needs its inputs for its gradient, not its result.
    if (stage.activated) at::elu_(y);
    if (stage.residual) y = before + y;
    before = std::exchange(now, y);
  }
  return now;
}

}  // namespace fewsound
