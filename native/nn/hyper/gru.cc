#include "native/nn/hyper/gru.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "native/gradients_through.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class GruFunction : public torch::autograd::Function<GruFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& inputWeight, const at::Tensor& stateWeight,
                            const at::Tensor& inputBias, const at::Tensor& stateBias) {
    const int64_t batch = x.size(0);
    const int64_t steps = x.size(1);
    const int64_t width = stateWeight.size(1);
    const at::Tensor given = at::linear(x.transpose(0, 1).contiguous(), inputWeight, inputBias);
    const at::Tensor states = at::zeros({steps + 1, batch, width}, x.options());
    const at::Tensor gates = at::empty({steps, batch, 3 * width}, x.options());
    const at::Tensor kept = at::empty({steps, batch, width}, x.options());  // of the new gate
    const at::Tensor transposed = stateWeight.t();
    for (int64_t i = 0; i < steps; ++i) {
      const at::Tensor before = states[i];
      const at::Tensor ofState = at::addmm(stateBias, before, transposed);
      at::Tensor gate = gates[i].copy_(given[i]);
      const at::Tensor switches = gate.narrow(1, 0, 2 * width);
      switches.add_(ofState.narrow(1, 0, 2 * width)).sigmoid_();
      kept[i].copy_(ofState.narrow(1, 2 * width, width));
      at::Tensor fresh = gate.narrow(1, 2 * width, width);
      fresh.addcmul_(switches.narrow(1, 0, width), kept[i]).tanh_();
      states[i + 1].copy_(at::lerp(fresh, before, switches.narrow(1, width, width)));
    }
    context->save_for_backward({x, inputWeight, stateWeight, inputBias, stateBias});
    context->saved_data["computed"] = std::vector<at::Tensor>{states, gates, kept};
    return states[steps].clone();
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    if (at::GradMode::is_enabled()) {
      const auto compute = [&] {
        return lastGruStateReference(saved[0], {saved[1], saved[2], saved[3], saved[4]});
      };
      return gradientsThrough(compute, saved, outputGradients[0]);
    }
    const auto computed = context->saved_data["computed"].toTensorVector();
    const at::Tensor& states = computed[0];
    const at::Tensor& gates = computed[1];
    const at::Tensor& kept = computed[2];
    const int64_t steps = gates.size(0);
    const int64_t batch = gates.size(1);
    const int64_t width = kept.size(2);
    // Of what the gates are given of x, and of the state: they differ in the new one.
    const at::Tensor ofGiven = at::empty_like(gates);
    const at::Tensor ofState = at::empty_like(gates);
    at::Tensor now = outputGradients[0];
    for (int64_t i = steps - 1; i >= 0; --i) {
      const std::vector<at::Tensor> gate = gates[i].chunk(3, 1);
      const at::Tensor& reset = gate[0];
      const at::Tensor& update = gate[1];
      const at::Tensor& fresh = gate[2];
      const std::vector<at::Tensor> given = ofGiven[i].chunk(3, 1);
      const at::Tensor ofFresh = now * (1.0 - update) * (1.0 - fresh.square());
      given[0].copy_(ofFresh * kept[i] * reset * (1.0 - reset));
      given[1].copy_(now * (states[i] - fresh) * update * (1.0 - update));
      given[2].copy_(ofFresh);
      const at::Tensor state = ofState[i].copy_(ofGiven[i]);
      state.narrow(1, 2 * width, width).mul_(reset);
      now = at::addmm(now * update, state, saved[2]);
    }
    const auto flat = [&](const at::Tensor& of) { return of.view({steps * batch, -1}); };
    const at::Tensor x = saved[0].transpose(0, 1).reshape({steps * batch, -1});
    at::Tensor ofX;
    if (context->needs_input_grad(0)) {
      ofX = at::matmul(ofGiven, saved[1]).transpose(0, 1);
    }
    return {ofX, flat(ofGiven).t().mm(x), flat(ofState).t().mm(flat(states.narrow(0, 0, steps))),
            flat(ofGiven).sum(0), flat(ofState).sum(0)};
  }
};

}  // namespace

at::Tensor lastGruState(const at::Tensor& x, const GruWeights& weights) {
  if (!x.is_cpu() || at::autocast::is_autocast_enabled(at::kCPU))
    return lastGruStateReference(x, weights);
  return GruFunction::apply(x, weights.input, weights.state, weights.inputBias, weights.stateBias);
}

at::Tensor lastGruStateReference(const at::Tensor& x, const GruWeights& weights) {
  const at::Tensor start = at::zeros({1, x.size(0), weights.state.size(1)}, x.options());
  const at::Tensor last = std::get<1>(
      at::gru(x, start, {weights.input, weights.state, weights.inputBias, weights.stateBias},
              /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0.0, /*train=*/false,
              /*bidirectional=*/false, /*batch_first=*/true));
  return last.squeeze(0);
}

}  // namespace fewsound
