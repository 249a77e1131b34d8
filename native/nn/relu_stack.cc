#include "native/nn/relu_stack.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "native/gradients_through.h"
#include "native/parallel_for.h"

namespace fewsound {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Samples of a block: activations of a hundred features then take some 200 KB a layer.
constexpr int64_t kBlock = 512;

/// The tensors of a pass, dense: x [1 or batch, samples, in], weights [batch, out, in], biases
/// [batch, out].
struct Stack {
  at::Tensor x;
  std::vector<LinearWeights> layers;

  int64_t batch() const { return layers.front().weight.size(0); }
  int64_t samples() const { return x.size(1); }
  size_t depth() const { return layers.size(); }
  int64_t out() const { return layers.back().weight.size(1); }
  at::Tensor inputOf(int64_t network) const { return x[x.size(0) == 1 ? 0 : network]; }
};

/// The layers of one of the networks, and room for a block's activations. One thread's own.
class BlockPass {
 public:
  BlockPass(const Stack& stack, int64_t network) : input_(stack.inputOf(network)) {
    for (const LinearWeights& layer : stack.layers) {
      weights_.push_back(layer.weight[network]);
      biases_.push_back(layer.bias[network]);
      activations_.push_back(at::empty({kBlock, layer.weight.size(1)}, stack.x.options()));
      gradients_.push_back(at::empty_like(activations_.back()));
    }
  }

  /// Layer by layer from samples [first, first + count); gives the output [count, out].
  at::Tensor forward(int64_t first, int64_t count) {
    at::Tensor x = input_.narrow(0, first, count);
    for (size_t i = 0; i < weights_.size(); ++i) {
      at::Tensor y = activations_[i].narrow(0, 0, count);
      at::addmm_out(y, biases_[i], x, weights_[i].t());
      if (i + 1 < weights_.size()) at::relu_(y);
      x = y;
    }
    return x;
  }

  /// After `forward` of the same samples. Adds to the weights' gradients; `inputGradient`, where it
  /// is defined, takes that of the samples.
  void backward(int64_t first, int64_t count, const at::Tensor& outputGradient,
                std::vector<LinearWeights>& sums, const at::Tensor& inputGradient) {
    at::Tensor gradient = outputGradient;
    for (size_t i = weights_.size(); i-- > 0;) {
      const at::Tensor x =
          i == 0 ? input_.narrow(0, first, count) : activations_[i - 1].narrow(0, 0, count);
      sums[i].weight.addmm_(gradient.t(), x);
      sums[i].bias.add_(gradient.sum(0));
      if (i > 0) {
        at::Tensor before = gradients_[i - 1].narrow(0, 0, count);
        at::mm_out(before, gradient, weights_[i]);
        // Where ReLU gave nothing, nothing comes back.
        at::threshold_backward_out(before, before, x, 0);
        gradient = before;
      } else if (inputGradient.defined()) {
        inputGradient.narrow(0, first, count).addmm_(gradient, weights_[0]);
      }
    }
  }

 private:
  at::Tensor input_;
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> biases_;
  std::vector<at::Tensor> activations_;
  std::vector<at::Tensor> gradients_;
};

/// Calls work(network, part, first sample, end) for parts of the networks' samples, side by side:
/// one part a network where there are networks enough for all threads.
template <typename Work>
void forEachPart(const Stack& stack, int64_t parts, const Work& work) {
  const int64_t blocks = at::divup(stack.samples(), kBlock);
  parallelFor(0, stack.batch() * parts, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t part = task % parts;
      work(task / parts, part, blocks * part / parts * kBlock,
           std::min(blocks * (part + 1) / parts * kBlock, stack.samples()));
    }
  });
}

int64_t partsOf(const Stack& stack) {
  return at::divup(static_cast<int64_t>(at::get_num_threads()), stack.batch());
}

at::Tensor computeForward(const Stack& stack) {
  at::Tensor y = at::empty({stack.batch(), stack.samples(), stack.out()}, stack.x.options());
  forEachPart(stack, partsOf(stack), [&](int64_t network, int64_t, int64_t first, int64_t end) {
    BlockPass pass(stack, network);
    for (; first < end; first += kBlock) {
      const int64_t count = std::min(kBlock, end - first);
      y[network].narrow(0, first, count).copy_(pass.forward(first, count));
    }
  });
  return y;
}

struct StackGradients {
  at::Tensor x;  // [batch, samples, in]; undefined unless asked for
  std::vector<LinearWeights> layers;
};

StackGradients computeBackward(const Stack& stack, const at::Tensor& outputGradient,
                               bool inputNeeded) {
  const int64_t parts = partsOf(stack);
  StackGradients sums;
  const auto options = stack.x.options();
  for (const LinearWeights& layer : stack.layers) {
    const auto shape = layer.weight.sizes();
    sums.layers.push_back({.weight = at::zeros({shape[0], parts, shape[1], shape[2]}, options),
                           .bias = at::zeros({shape[0], parts, shape[1]}, options)});
  }
  if (inputNeeded) {
    sums.x = at::zeros({stack.batch(), stack.samples(), stack.x.size(2)}, options);
  }
  forEachPart(stack, parts, [&](int64_t network, int64_t part, int64_t first, int64_t end) {
    BlockPass pass(stack, network);
    std::vector<LinearWeights> own;
    own.reserve(sums.layers.size());
    for (const LinearWeights& layer : sums.layers) {
      own.push_back({.weight = layer.weight[network][part], .bias = layer.bias[network][part]});
    }
    const at::Tensor input = inputNeeded ? sums.x[network] : at::Tensor();
    for (; first < end; first += kBlock) {
      const int64_t count = std::min(kBlock, end - first);
      pass.forward(first, count);
      pass.backward(first, count, outputGradient[network].narrow(0, first, count), own, input);
    }
  });
  // In the order of the parts: the same sums for the same number of threads.
  for (LinearWeights& layer : sums.layers) {
    layer = {.weight = parts == 1 ? layer.weight.squeeze(1) : layer.weight.sum(1),
             .bias = parts == 1 ? layer.bias.squeeze(1) : layer.bias.sum(1)};
  }
  return sums;
}

std::vector<LinearWeights> unflatten(at::TensorList flat) {
  std::vector<LinearWeights> layers;
  for (size_t i = 0; i < flat.size(); i += 2) layers.push_back({flat[i], flat[i + 1]});
  return layers;
}

class ReluStackFunction : public torch::autograd::Function<ReluStackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList flat) {
    variable_list saved{x};
    saved.insert(saved.end(), flat.begin(), flat.end());
    context->save_for_backward(std::move(saved));
    return computeForward({.x = x, .layers = unflatten(flat)});
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const std::vector<LinearWeights> layers =
        unflatten(at::TensorList(saved.data() + 1, saved.size() - 1));
    if (at::GradMode::is_enabled()) {
      return gradientsThrough([&] { return reluStackReference(x, layers); }, saved,
                              outputGradients[0]);
    }

    const StackGradients found = computeBackward(
        {.x = x, .layers = layers}, outputGradients[0].contiguous(), context->needs_input_grad(0));
    variable_list gradients{found.x};
    if (found.x.defined() && x.size(0) == 1) gradients[0] = found.x.sum(0, /*keepdim=*/true);
    for (const LinearWeights& layer : found.layers) {
      gradients.push_back(layer.weight);
      gradients.push_back(layer.bias);
    }
    return gradients;
  }
};

/// Whether everything fits together, and lies where and how the blocks need it; where something
/// does not, the operators say what.
bool takesBlocks(const at::Tensor& x, const std::vector<LinearWeights>& layers) {
  const auto dtype = x.scalar_type();
  if (!x.is_cpu() || (dtype != at::kFloat && dtype != at::kDouble)) return false;
  if ((x.dim() != 2 && x.dim() != 3) || x.numel() == 0 || layers.empty()) return false;
  const int64_t dims = layers.front().weight.dim();
  if (dims != 2 && dims != 3) return false;
  const int64_t batch = dims == 3 ? layers.front().weight.size(0) : 1;
  if (dims == 3 && x.dim() == 3 && x.size(0) != batch) return false;
  int64_t in = x.size(-1);
  for (const auto& [weight, bias] : layers) {
    const bool alike = weight.is_cpu() && bias.is_cpu() && weight.scalar_type() == dtype &&
                       bias.scalar_type() == dtype && weight.dim() == dims &&
                       bias.dim() == dims - 1 && weight.numel() > 0;
    if (!alike || weight.size(-1) != in || bias.size(-1) != weight.size(-2)) return false;
    if (dims == 3 && (weight.size(0) != batch || bias.size(0) != batch)) return false;
    in = weight.size(-2);
  }
  return true;
}

}  // namespace

at::Tensor linearLayer(const at::Tensor& x, const LinearWeights& layer) {
  const auto& [weight, bias] = layer;
  if (weight.dim() == 2) return at::linear(x, weight, bias);
  const at::Tensor batched = x.dim() == 3
                                 ? x.expand({weight.size(0), -1, -1})
                                 : x.unsqueeze(0).expand({weight.size(0), x.size(0), x.size(1)});
  return at::baddbmm(bias.unsqueeze(1), batched, weight.transpose(1, 2));
}

at::Tensor reluStackReference(const at::Tensor& x, const std::vector<LinearWeights>& layers) {
  at::Tensor y = x;
  for (size_t i = 0; i < layers.size(); ++i) {
    y = linearLayer(y, layers[i]);
    if (i + 1 < layers.size()) y = at::relu(y);
  }
  return y;
}

at::Tensor reluStack(const at::Tensor& x, const std::vector<LinearWeights>& layers) {
  if (!takesBlocks(x, layers)) return reluStackReference(x, layers);
  const bool own = layers.front().weight.dim() == 2;
  // Own weights see all samples of a batch as those of one.
  const at::Tensor samples = own            ? x.reshape({1, -1, x.size(-1)})
                             : x.dim() == 2 ? x.unsqueeze(0)
                                            : x;
  variable_list flat;
  for (const auto& [weight, bias] : layers) {
    flat.push_back((own ? weight.unsqueeze(0) : weight).contiguous());
    flat.push_back((own ? bias.unsqueeze(0) : bias).contiguous());
  }
  at::Tensor y = ReluStackFunction::apply(samples.contiguous(), at::TensorList(flat));
  if (!own) return y;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = y.size(-1);
  return y.view(shape);
}

}  // namespace fewsound
