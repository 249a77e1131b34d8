// Runs tiles of samples through a whole stack of dense layers: packs the weights once, cuts the
// samples into one run per thread, and sums the threads' private gradients in a fixed order, so
// that the result depends on the number of threads only.

#include "native/mlp/cpu/mlp_stack_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "native/cpu/private_sums.h"
#include "native/mlp/cpu/mlp_plan.h"
#include "native/mlp/cpu/mlp_tile_pass.h"
#include "native/parallel_for.h"

namespace fewsound::cpu {
namespace {

/// A set's numbers in a tensor [batch, …]; of complex ones, real and imaginary parts in turn.
template <typename T>
T* numbersOf(const at::Tensor& tensor, int64_t set) {
  const int64_t each = tensor.numel() / tensor.size(0) * (tensor.is_complex() ? 2 : 1);
  return static_cast<T*>(tensor.data_ptr()) + set * each;
}

/// All sets' weights, those of complex numbers packed into one tensor.
template <typename T>
struct PackedWeights {
  at::Tensor packed;
  std::vector<MlpWeights<T>> sets;
};

template <typename T>
PackedWeights<T> packWeights(const MlpPlan<T>& plan, const MlpInput& input) {
  PackedWeights<T> weights;
  weights.packed = at::empty({plan.batch, plan.packedSize}, input.x.options().requires_grad(false));
  weights.sets.resize(plan.batch);
  T* const to = weights.packed.template mutable_data_ptr<T>();
  parallelFor(0, plan.batch, 1, [&](int64_t first, int64_t last) {
    for (int64_t set = first; set < last; ++set) {
      T* const packed = to + set * plan.packedSize;
      for (int64_t l = 0; l < plan.depth(); ++l) {
        const MlpLayer& layer = plan.layers[l];
        const DenseLayer& given = input.layers[l];
        typename MlpWeights<T>::Layer own{.weight = numbersOf<T>(given.weight, set),
                                          .bias = numbersOf<T>(given.bias, set),
                                          .omega = T(0)};
        if (layer.planes == 2) {
          plan.kernel.transpose(layer.planeSize(), 2, own.weight, 2, packed + layer.weightAt,
                                layer.planeSize());
          plan.kernel.transpose(layer.out, 2, own.bias, 2, packed + layer.biasAt, layer.out);
          own.weight = packed + layer.weightAt;
          own.bias = packed + layer.biasAt;
        }
        if (given.omega.defined()) {
          own.omega = given.omega.const_data_ptr<T>()[given.omega.numel() == 1 ? 0 : set];
        }
        weights.sets[set].layers.push_back(own);
      }
    }
  });
  return weights;
}

/// Calls work(set, task, first sample, samples) for each tile of the tasks [first, last).
template <typename T, typename Work>
void forTiles(const MlpPlan<T>& plan, int64_t first, int64_t last, const Work& work) {
  for (int64_t task = first; task < last; ++task) {
    const int64_t run = task % plan.runs;
    for (int64_t t = run * plan.tiles / plan.runs; t < (run + 1) * plan.tiles / plan.runs; ++t) {
      const int64_t sample = t * kTile<T>;
      work(task / plan.runs, task, sample, std::min(kTile<T>, plan.samples - sample));
    }
  }
}

/// A set's samples in the stack's input, which all sets may share.
template <typename T>
const T* samplesOf(const MlpInput& input, int64_t set, int64_t sample) {
  const int64_t row = (input.x.size(0) == 1 ? 0 : set) * input.samples() + sample;
  return input.x.const_data_ptr<T>() + row * input.x.size(2);
}

template <typename T>
at::Tensor forwardStack(const MlpInput& input) {
  const MlpPlan<T> plan(input);
  const at::TensorOptions options = input.x.options().requires_grad(false);
  const PackedWeights<T> weights = packWeights(plan, input);
  const int64_t out = plan.layers.back().out;
  at::Tensor y = at::empty({plan.batch, plan.samples, out}, options);
  T* const to = y.mutable_data_ptr<T>();
  parallelFor(0, plan.tasks(), 1, [&](int64_t first, int64_t last) {
    MlpTilePass<T> pass(plan, options, /*goesBack=*/false, /*inputNeeded=*/false);
    forTiles(plan, first, last, [&](int64_t set, int64_t, int64_t sample, int64_t count) {
      pass.forward(weights.sets[set], samplesOf<T>(input, set, sample), count,
                   to + (set * plan.samples + sample) * out);
    });
  });
  return y;
}

template <typename T>
T sumOfLanes(const T* lanes, int64_t count) {
  T sum = lanes[0];
  for (int64_t i = 1; i < count; ++i) sum += lanes[i];
  return sum;
}

/// A set's gradients of one layer from its sums; gives that of omega.
template <typename T>
T unpackSums(const MlpPlan<T>& plan, int64_t l, const MlpWeights<T>& weights, const T* sums,
             T* weight, T* bias) {
  const MlpLayer& layer = plan.layers[l];
  const int64_t planes = layer.planes;
  T product = T(0);  // of the weight and its gradient
  for (int64_t plane = 0; plane < planes; ++plane) {
    const T* const from = sums + layer.sumsAt + plane * layer.sumRows * layer.sumStride;
    for (int64_t o = 0; o < layer.out; ++o) {
      for (int64_t i = 0; i < layer.in; ++i) {
        const T gradient =
            layer.inputsAsRows ? from[i * layer.sumStride + o] : from[o * layer.sumStride + i];
        const int64_t at = o * layer.in + i;
        weight[at * planes + plane] = gradient;
        product += gradient * weights.layers[l].weight[plane * layer.planeSize() + at];
      }
      const T* const biasSums =
          sums + layer.biasSumsAt + (plane * layer.out + o) * plan.kernel.lanes;
      bias[o * planes + plane] =
          plane < layer.outPlanes ? sumOfLanes(biasSums, plan.kernel.lanes) : T(0);
    }
  }
  // A linear map of omega · x depends on omega as on all its weights together.
  if (scalesInputs(plan.activation)) return product / weights.layers[l].omega;
  return sumOfLanes(sums + layer.omegaSumsAt, plan.kernel.lanes);
}

template <typename T>
MlpGradients backwardStack(const MlpInput& input, const at::Tensor& outputGradient,
                           bool inputNeeded) {
  const MlpPlan<T> plan(input);
  const at::TensorOptions options = input.x.options().requires_grad(false);
  const PackedWeights<T> weights = packWeights(plan, input);
  const at::Tensor sums = at::zeros({plan.tasks(), plan.sumsSize}, options);
  T* const sum = sums.mutable_data_ptr<T>();
  MlpGradients gradients;
  const int64_t in = plan.layers.front().in;
  const int64_t out = plan.layers.back().out;
  if (inputNeeded) gradients.x = at::empty({plan.batch, plan.samples, in}, options);
  T* const toX = inputNeeded ? gradients.x.template mutable_data_ptr<T>() : nullptr;
  const T* const fromY = outputGradient.const_data_ptr<T>();

  parallelFor(0, plan.tasks(), 1, [&](int64_t first, int64_t last) {
    MlpTilePass<T> pass(plan, options, /*goesBack=*/true, inputNeeded);
    forTiles(plan, first, last, [&](int64_t set, int64_t task, int64_t sample, int64_t count) {
      const int64_t row = set * plan.samples + sample;
      pass.forward(weights.sets[set], samplesOf<T>(input, set, sample), count, nullptr);
      pass.backward(weights.sets[set], fromY + row * out, count, sum + task * plan.sumsSize,
                    inputNeeded ? toX + row * in : nullptr);
    });
  });

  addPrivateSums(sum, plan.batch, plan.runs, plan.sumsSize);
  for (const DenseLayer& layer : input.layers) {
    DenseLayer& found = gradients.layers.emplace_back();
    found.weight = at::empty_like(layer.weight);
    found.bias = at::empty_like(layer.bias);
    if (layer.omega.defined()) found.omega = at::zeros_like(layer.omega);
  }
  parallelFor(0, plan.depth(), 1, [&](int64_t first, int64_t last) {
    for (int64_t l = first; l < last; ++l) {
      const DenseLayer& found = gradients.layers[l];
      for (int64_t set = 0; set < plan.batch; ++set) {
        const T omega =
            unpackSums(plan, l, weights.sets[set], sum + set * plan.runs * plan.sumsSize,
                       numbersOf<T>(found.weight, set), numbersOf<T>(found.bias, set));
        if (!found.omega.defined()) continue;
        found.omega.mutable_data_ptr<T>()[found.omega.numel() == 1 ? 0 : set] += omega;
      }
    }
  });
  return gradients;
}

}  // namespace

at::Tensor mlpForward(const MlpInput& input) {
  return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "mlpStack",
                                    [&] { return forwardStack<scalar_t>(input); });
}

MlpGradients mlpBackward(const MlpInput& input, const at::Tensor& outputGradient,
                         bool inputNeeded) {
  return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "mlpStack", [&] {
    return backwardStack<scalar_t>(input, outputGradient, inputNeeded);
  });
}

}  // namespace fewsound::cpu
