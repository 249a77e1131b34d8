#include "native/spline/kan_stack_function.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "native/gradients_through.h"
#include "native/spline/kan_stack.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The layers' tensors in a row, as autograd wants them.
variable_list flatten(const std::vector<KanWeights>& layers) {
  variable_list flat;
  for (const KanWeights& layer : layers) {
    flat.push_back(layer.base);
    flat.push_back(layer.coefficients);
    if (layer.scale.defined()) flat.push_back(layer.scale);
  }
  return flat;
}

std::vector<KanWeights> unflatten(at::TensorList flat, bool scaled) {
  std::vector<KanWeights> layers;
  for (size_t i = 0; i < flat.size(); i += scaled ? 3 : 2) {
    layers.push_back({flat[i], flat[i + 1], scaled ? flat[i + 2] : at::Tensor()});
  }
  return layers;
}

variable_list differentiableGradients(const KanStackInput& input,
                                      const at::Tensor& outputGradient) {
  variable_list inputs{input.x};
  const variable_list flat = flatten(input.layers);
  inputs.insert(inputs.end(), flat.begin(), flat.end());
  const auto stack = [&] {
    return kanStackReference(input.x, input.layers, input.grid, input.activation);
  };
  return gradientsThrough(stack, inputs, outputGradient);
}

variable_list plainGradients(const KanStackBackend& backend, const KanStackInput& input,
                             const variable_list& kept, const at::Tensor& outputGradient,
                             bool inputNeeded) {
  const at::Tensor dense = outputGradient.resolve_neg().contiguous().view(
      {input.batch(), input.samples(), input.widths().back()});
  const KanStackGradients found = backend.backward(input, kept, dense, inputNeeded);
  variable_list gradients{found.x};
  if (inputNeeded) {
    gradients[0] = (input.sharesX() ? found.x.sum(0) : found.x).view(input.x.sizes());
  }
  const variable_list weights = flatten(found.layers);
  gradients.insert(gradients.end(), weights.begin(), weights.end());
  return gradients;
}

class KanStackFunction : public torch::autograd::Function<KanStackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList flat,
                            const KanStackBackend* backend, bool scaled, bool keep,
                            const SplineGrid& grid, BaseActivation activation) {
    const KanStackInput input{
        .x = x, .layers = unflatten(flat, scaled), .grid = grid, .activation = activation};
    KanStackOutput output = backend->forward(input, keep);
    if (keep) {
      variable_list saved{x};
      saved.insert(saved.end(), flat.begin(), flat.end());
      saved.insert(saved.end(), output.kept.begin(), output.kept.end());
      context->save_for_backward(std::move(saved));
      context->saved_data["backend"] = reinterpret_cast<int64_t>(backend);
      context->saved_data["weights"] = static_cast<int64_t>(flat.size());
      context->saved_data["scaled"] = scaled;
      context->saved_data["grid"] = std::vector<int64_t>{grid.intervals, grid.order};
      context->saved_data["bounds"] = std::vector<double>{grid.lower, grid.upper};
      context->saved_data["activation"] = static_cast<int64_t>(activation);
    }
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = output.y.size(-1);
    return output.y.view(input.batched() ? output.y.sizes() : at::IntArrayRef(shape));
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    const auto* backend =
        // NOLINTNEXTLINE(performance-no-int-to-ptr): saved data holds no pointers.
        reinterpret_cast<const KanStackBackend*>(context->saved_data["backend"].toInt());
    const auto weights = context->saved_data["weights"].toInt();
    const auto counts = context->saved_data["grid"].toIntVector();
    const auto bounds = context->saved_data["bounds"].toDoubleVector();
    const KanStackInput input{
        .x = saved[0],
        .layers = unflatten(at::TensorList(saved.data() + 1, weights),
                            context->saved_data["scaled"].toBool()),
        .grid = {counts[0], counts[1], bounds[0], bounds[1]},
        .activation = static_cast<BaseActivation>(context->saved_data["activation"].toInt())};
    const variable_list kept(saved.begin() + 1 + weights, saved.end());

    variable_list gradients = at::GradMode::is_enabled()
                                  ? differentiableGradients(input, outputGradients[0])
                                  : plainGradients(*backend, input, kept, outputGradients[0],
                                                   context->needs_input_grad(0));
    // The backend and the four options have none.
    gradients.insert(gradients.end(), 5, at::Tensor());
    return gradients;
  }
};

}  // namespace

std::vector<int64_t> KanStackInput::widths() const {
  std::vector<int64_t> widths{x.size(-1)};
  for (const KanWeights& layer : layers) widths.push_back(layer.base.size(-2));
  return widths;
}

at::Tensor applyKanStack(const KanStackBackend& backend, const KanStackInput& input) {
  variable_list flat = flatten(input.layers);
  bool keep = input.x.requires_grad();
  for (at::Tensor& weight : flat) {
    weight = weight.resolve_neg().contiguous();
    keep = keep || weight.requires_grad();
  }
  return KanStackFunction::apply(input.x.resolve_neg().contiguous(), at::TensorList(flat), &backend,
                                 input.layers.front().scale.defined(),
                                 keep && at::GradMode::is_enabled(), input.grid, input.activation);
}

}  // namespace fewsound
