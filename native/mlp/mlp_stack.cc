#include "native/mlp/mlp_stack.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "native/gradients_through.h"
#include "native/mlp/cpu/mlp_stack_cpu.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::atomic<MlpPath>& chosenPath() {
  static std::atomic<MlpPath> path = [] {
    const char* asked = std::getenv("FEWSOUND_MLP");
    return asked != nullptr && std::string_view(asked) == "reference" ? MlpPath::kReference
                                                                      : MlpPath::kFused;
  }();
  return path;
}

/// Whether layer i of so many has an omega.
bool hasOmega(const MlpForm& form, size_t i, size_t layers) {
  return scalesInputs(form.activation) || (form.activation == Activation::kGabor && i + 1 < layers);
}

/// The layers' tensors in a row, as autograd wants them.
variable_list flatten(const std::vector<DenseLayer>& layers) {
  variable_list flat;
  for (const DenseLayer& layer : layers) {
    flat.push_back(layer.weight);
    flat.push_back(layer.bias);
    if (layer.omega.defined()) flat.push_back(layer.omega);
  }
  return flat;
}

std::vector<DenseLayer> unflatten(at::TensorList flat, const MlpForm& form) {
  std::vector<DenseLayer> layers;
  const bool omegas = form.activation != Activation::kRelu;
  const size_t count = omegas ? (flat.size() + 1) / 3 : flat.size() / 2;
  for (size_t i = 0, next = 0; i < count; ++i) {
    DenseLayer& layer = layers.emplace_back();
    layer.weight = flat[next++];
    layer.bias = flat[next++];
    if (hasOmega(form, i, count)) layer.omega = flat[next++];
  }
  return layers;
}

class MlpStackFunction : public torch::autograd::Function<MlpStackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList flat,
                            const MlpForm& form, bool keep) {
    cpu::MlpOutput output =
        cpu::mlpForward({.x = x, .layers = unflatten(flat, form), .form = form}, keep);
    variable_list saved{x};
    saved.insert(saved.end(), flat.begin(), flat.end());
    saved.push_back(output.kept);
    context->save_for_backward(std::move(saved));
    context->saved_data["activation"] = static_cast<int64_t>(form.activation);
    context->saved_data["scale"] = form.scale;
    return output.y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor kept = saved.back();
    saved.pop_back();
    const MlpForm form{
        .activation = static_cast<Activation>(context->saved_data["activation"].toInt()),
        .scale = context->saved_data["scale"].toDouble()};
    const at::Tensor& x = saved[0];
    const cpu::MlpInput input{
        .x = x,
        .layers = unflatten(at::TensorList(saved.data() + 1, saved.size() - 1), form),
        .form = form};
    variable_list gradients;
    if (at::GradMode::is_enabled()) {
      gradients = gradientsThrough([&] { return mlpStackReference(x, input.layers, form); }, saved,
                                   outputGradients[0]);
    } else {
      const cpu::MlpGradients found = cpu::mlpBackward(
          input, kept, outputGradients[0].resolve_neg().contiguous(), context->needs_input_grad(0));
      gradients.push_back(found.x);
      // All sets saw the same x.
      if (found.x.defined() && x.size(0) == 1) gradients[0] = found.x.sum(0, /*keepdim=*/true);
      const variable_list weights = flatten(found.layers);
      gradients.insert(gradients.end(), weights.begin(), weights.end());
    }
    gradients.insert(gradients.end(), 2, at::Tensor());  // the form and the choice have none
    return gradients;
  }
};

/// Whether omega is [1] or [batch, 1, 1], and not 0, by which its gradient is divided.
bool takesOmega(const at::Tensor& omega, const at::Tensor& x, int64_t batch) {
  if (!omega.defined() || !omega.is_cpu() || omega.scalar_type() != x.scalar_type()) return false;
  const bool one = omega.dim() == 1 && omega.numel() == 1;
  const bool each = omega.dim() == 3 && omega.numel() == batch && omega.size(0) == batch;
  return (one || each) && omega.ne(0).all().item<bool>();
}

/// Whether everything fits together, and lies where and how the tiles need it; where something does
/// not, the operators say what.
bool takesTiles(const at::Tensor& x, const std::vector<DenseLayer>& layers, const MlpForm& form) {
  const auto real = x.scalar_type();
  if (!x.is_cpu() || (real != at::kFloat && real != at::kDouble)) return false;
  if ((x.dim() != 2 && x.dim() != 3) || x.numel() == 0 || layers.empty()) return false;
  const int64_t dims = layers.front().weight.dim();
  if (dims != 2 && dims != 3) return false;
  const int64_t batch = dims == 3 ? layers.front().weight.size(0) : 1;
  if (dims == 3 && x.dim() == 3 && x.size(0) != batch && x.size(0) != 1) return false;
  int64_t in = x.size(-1);
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [weight, bias, omega] = layers[i];
    const auto dtype =
        form.activation == Activation::kGabor && i > 0 ? c10::toComplexType(real) : real;
    const bool alike = weight.is_cpu() && bias.is_cpu() && weight.scalar_type() == dtype &&
                       bias.scalar_type() == dtype && weight.dim() == dims &&
                       bias.dim() == dims - 1 && weight.numel() > 0;
    if (!alike || weight.size(-1) != in || bias.size(-1) != weight.size(-2)) return false;
    if (dims == 3 && (weight.size(0) != batch || bias.size(0) != batch)) return false;
    if (hasOmega(form, i, layers.size()) && !takesOmega(omega, x, batch)) return false;
    in = weight.size(-2);
  }
  return true;
}

at::Tensor applyTiles(const at::Tensor& x, const std::vector<DenseLayer>& layers,
                      const MlpForm& form) {
  const bool own = layers.front().weight.dim() == 2;
  const auto dense = [own](const at::Tensor& tensor) {
    return (own ? tensor.unsqueeze(0) : tensor).resolve_conj().resolve_neg().contiguous();
  };
  // Own weights see all samples of a batch as those of one.
  const at::Tensor samples = own            ? x.reshape({1, -1, x.size(-1)})
                             : x.dim() == 2 ? x.unsqueeze(0)
                                            : x;
  std::vector<DenseLayer> checked;
  for (size_t i = 0; i < layers.size(); ++i) {
    DenseLayer& layer = checked.emplace_back();
    layer.weight = dense(layers[i].weight);
    layer.bias = dense(layers[i].bias);
    if (hasOmega(form, i, layers.size())) {
      layer.omega = layers[i].omega.resolve_neg().contiguous();
    }
  }
  const variable_list flat = flatten(checked);
  const bool learns =
      samples.requires_grad() ||
      std::any_of(flat.begin(), flat.end(), [](const auto& each) { return each.requires_grad(); });
  at::Tensor y = MlpStackFunction::apply(samples.resolve_neg().contiguous(), at::TensorList(flat),
                                         form, learns && at::GradMode::is_enabled());
  if (!own) return y;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = y.size(-1);
  return y.view(shape);
}

}  // namespace

void setMlpPath(MlpPath path) { chosenPath() = path; }
MlpPath mlpPath() { return chosenPath(); }

at::Tensor mlpStack(const at::Tensor& x, const std::vector<DenseLayer>& layers,
                    const MlpForm& form) {
  if (mlpPath() == MlpPath::kFused && takesTiles(x, layers, form)) {
    return applyTiles(x, layers, form);
  }
  return mlpStackReference(x, layers, form);
}

}  // namespace fewsound
