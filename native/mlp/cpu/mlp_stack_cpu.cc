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

#include "native/cpu/prefetch.h"
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

/// The first of two planes plus the second, times a sign. Of any size.
template <typename T>
void addPlanes(int64_t size, const T* planes, T sign, T* to) {
  for (int64_t i = 0; i < size; ++i) to[i] = planes[i] + sign * planes[size + i];
}

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
          if (layer.threeProducts()) {
            const int64_t size = layer.planeSize();
            addPlanes(size, own.weight, T(1), packed + layer.weightAt + 2 * size);
            addPlanes(size, own.weight, T(-1), packed + layer.weightAt + 3 * size);
            addPlanes(layer.out, own.bias, T(1), packed + layer.biasAt + 2 * layer.out);
          }
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

/// Calls work(tile, next) for each tile of the tasks [first, last), from a task's first to its last
/// or `backwards`; the next after the last one has no samples.
template <typename T, typename Work>
void forTiles(const MlpPlan<T>& plan, int64_t first, int64_t last, bool backwards,
              const Work& work) {
  for (int64_t task = first; task < last; ++task) {
    const int64_t run = task % plan.runs;
    const int64_t begin = run * plan.tiles / plan.runs;
    const int64_t end = (run + 1) * plan.tiles / plan.runs;
    const auto tileAt = [&](int64_t i) {
      const int64_t number = backwards ? begin + end - 1 - i : i;
      const int64_t sample = number * kTile<T>;
      const int64_t count = i < end ? std::min(kTile<T>, plan.samples - sample) : 0;
      return MlpTile{.set = task / plan.runs,
                     .task = task,
                     .number = number,
                     .sample = sample,
                     .count = count};
    };
    for (int64_t i = begin; i < end; ++i) work(tileAt(i), tileAt(i + 1));
  }
}

/// A set's samples in the stack's input, which all sets may share.
template <typename T>
const T* samplesOf(const MlpInput& input, int64_t set, int64_t sample) {
  const int64_t row = (input.x.size(0) == 1 ? 0 : set) * input.samples() + sample;
  return input.x.const_data_ptr<T>() + row * input.x.size(2);
}

template <typename T>
void prefetchInput(const MlpInput& input, const MlpTile& tile) {
  prefetch(samplesOf<T>(input, tile.set, tile.sample), tile.count * input.x.size(2));
}

template <typename T>
MlpOutput forwardStack(const MlpInput& input, bool keep) {
  const MlpPlan<T> plan(input);
  const at::TensorOptions options = input.x.options().requires_grad(false);
  const PackedWeights<T> weights = packWeights(plan, input);
  const int64_t out = plan.layers.back().out;
  MlpOutput output{.y = at::empty({plan.batch, plan.samples, out}, options),
                   .kept = at::empty({keep ? plan.batch * plan.keptSize : 0}, options)};
  T* const to = output.y.template mutable_data_ptr<T>();
  T* const kept = keep ? output.kept.template mutable_data_ptr<T>() : nullptr;
  parallelFor(0, plan.tasks(), 1, [&](int64_t first, int64_t last) {
    MlpTilePass<T> pass(plan, options, /*goesBack=*/false, /*inputNeeded=*/false);
    forTiles(plan, first, last, /*backwards=*/false, [&](const MlpTile& tile, const MlpTile& next) {
      if (next.count > 0) prefetchInput<T>(input, next);
      pass.forward(weights.sets[tile.set], tile, samplesOf<T>(input, tile.set, tile.sample),
                   to + (tile.set * plan.samples + tile.sample) * out, kept);
    });
  });
  return output;
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
  const int64_t sumsOfPlane = layer.sumRows * layer.sumStride;
  T product = T(0);  // of the weight and its gradient
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t o = 0; o < layer.out; ++o) {
      for (int64_t i = 0; i < layer.in; ++i) {
        const T* const from =
            sums + layer.sumsAt +
            (layer.inputsAsRows ? i * layer.sumStride + o : o * layer.sumStride + i);
        // Of three products: rr + ii, and (r + i)(r - i) - rr + ii.
        const T gradient = !layer.threeProducts() ? from[plane * sumsOfPlane]
                           : plane == 0 ? from[0] + from[sumsOfPlane]
                                        : from[2 * sumsOfPlane] - from[0] + from[sumsOfPlane];
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
MlpGradients backwardStack(const MlpInput& input, const at::Tensor& keptBefore,
                           const at::Tensor& outputGradient, bool inputNeeded) {
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
  T* const kept = keptBefore.numel() > 0 ? keptBefore.mutable_data_ptr<T>() : nullptr;

  parallelFor(0, plan.tasks(), 1, [&](int64_t first, int64_t last) {
    MlpTilePass<T> pass(plan, options, /*goesBack=*/true, inputNeeded);
    // Backwards: what was kept last is still in cache.
    forTiles(plan, first, last, /*backwards=*/true, [&](const MlpTile& tile, const MlpTile& next) {
      if (next.count > 0) {
        prefetchInput<T>(input, next);
        for (const MlpLayer& layer : plan.layers) {
          if (const T* const from = plan.keptOf(kept, layer, next)) {
            prefetch(from, plan.tileSize(layer));
          }
        }
      }
      const int64_t row = tile.set * plan.samples + tile.sample;
      pass.backward(weights.sets[tile.set], tile, samplesOf<T>(input, tile.set, tile.sample), kept,
                    fromY + row * out, sum + tile.task * plan.sumsSize,
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

MlpOutput mlpForward(const MlpInput& input, bool keep) {
  return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "mlpStack",
                                    [&] { return forwardStack<scalar_t>(input, keep); });
}

MlpGradients mlpBackward(const MlpInput& input, const at::Tensor& kept,
                         const at::Tensor& outputGradient, bool inputNeeded) {
  return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "mlpStack", [&] {
    return backwardStack<scalar_t>(input, kept, outputGradient, inputNeeded);
  });
}

}  // namespace fewsound::cpu
