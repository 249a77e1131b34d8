// Runs the kernel over a whole stack of KAN layers: packs the weights into the kernel's tables,
// cuts the samples into one run per thread and the runs into blocks that stay in cache through all
// layers, and sums the threads' private gradients in a fixed order, so that the result depends on
// the number of threads only.

#include "native/spline/cpu/kan_stack_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "native/cpu/prefetch.h"
#include "native/cpu/private_sums.h"
#include "native/cpu/round_up.h"
#include "native/parallel_for.h"
#include "native/spline/cpu/kan_kernel.h"
#include "native/spline/cpu/kan_tables.h"

namespace fewsound::cpu {
namespace {

constexpr int64_t kLine = 16;

/// Sizes of a stack and of one pass over it. A set's activations are [blocks, width, pitch].
template <typename T>
struct Plan {
  const KanKernel<T>& kernel = kanKernel<T>();
  KernelGrid<T> grid;
  int64_t batch;    // sets of weights
  int64_t samples;  // samples for each set
  int64_t pitch;
  int64_t blocks;               // for each set
  int64_t runs;                 // parallel runs for each set
  std::vector<int64_t> widths;  // [layers + 1]
  std::vector<KernelShape> shapes;
  std::vector<int64_t> tableOffset;  // of each layer within a set's tables
  int64_t tableSize = 0;
  int64_t scratchSize = 0;
  int64_t widest = 0;

  explicit Plan(const KanStackInput& input)
      : grid{.step = static_cast<T>(input.grid.step()),
             .inverseStep = static_cast<T>(1.0 / input.grid.step()),
             .offset = static_cast<T>(static_cast<double>(input.grid.order) -
                                      input.grid.lower / input.grid.step()),
             .cells = input.grid.intervals + 2 * input.grid.order,
             .order = input.grid.order,
             .activation = input.activation},
        batch(input.batch()),
        samples(input.samples()),
        pitch(std::min(kBlock, roundUp(samples, kLine))),
        blocks((samples + pitch - 1) / pitch),
        widths(input.widths()) {
    const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
    runs = std::clamp<int64_t>((threads + batch - 1) / batch, 1, blocks);
    widest = widths[0];
    for (int64_t layer = 0; layer < layers(); ++layer) {
      const int64_t out = widths[layer + 1];
      const KernelShape shape{widths[layer], out, kernel.stride(out)};
      shapes.push_back(shape);
      tableOffset.push_back(tableSize);
      // Every table begins on a cache line, as the tensors that hold them do.
      tableSize += roundUp(shape.tableSize(grid.rows()), kLine);
      scratchSize = std::max(scratchSize, kernel.scratchSize(shape));
      widest = std::max(widest, out);
    }
  }

  int64_t layers() const { return static_cast<int64_t>(widths.size()) - 1; }
  int64_t tasks() const { return batch * runs; }

  /// Activations between layers for all sets, by layer: none after the last.
  int64_t activationSize(int64_t layer) const { return batch * blocks * widths[layer] * pitch; }

  /// Calls work(set, block number, first sample, samples) for each block of a task, from its first
  /// to its last or `backwards`.
  template <typename Work>
  void forBlocks(int64_t task, bool backwards, const Work& work) const {
    const int64_t set = task / runs;
    const int64_t run = task % runs;
    const int64_t begin = run * blocks / runs;
    const int64_t end = (run + 1) * blocks / runs;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t b = backwards ? begin + end - 1 - i : i;
      work(set, set * blocks + b, b * pitch, std::min(pitch, samples - b * pitch));
    }
  }
};

template <typename T>
LayerPointers<const T> pointersOf(const KanWeights& layer, int64_t set) {
  const int64_t edges = layer.base.size(-1) * layer.base.size(-2);
  return {.base = layer.base.const_data_ptr<T>() + set * edges,
          .coefficients =
              layer.coefficients.const_data_ptr<T>() + set * edges * layer.coefficients.size(-1),
          .scale = layer.scale.defined() ? layer.scale.const_data_ptr<T>() + set * edges : nullptr};
}

template <typename T>
LayerPointers<T> mutablePointersOf(const KanWeights& layer, int64_t set) {
  const int64_t edges = layer.base.size(-1) * layer.base.size(-2);
  return {
      .base = layer.base.mutable_data_ptr<T>() + set * edges,
      .coefficients =
          layer.coefficients.mutable_data_ptr<T>() + set * edges * layer.coefficients.size(-1),
      .scale = layer.scale.defined() ? layer.scale.mutable_data_ptr<T>() + set * edges : nullptr};
}

template <typename T>
at::Tensor packTables(const Plan<T>& plan, const KanStackInput& input) {
  at::Tensor tables = at::empty({plan.batch, plan.tableSize}, input.x.options());
  T* to = tables.mutable_data_ptr<T>();
  parallelFor(0, plan.batch * plan.layers(), 1, [&](int64_t first, int64_t last) {
    for (int64_t each = first; each < last; ++each) {
      const int64_t set = each / plan.layers();
      const int64_t l = each % plan.layers();
      packTable(plan.grid, plan.shapes[l], pointersOf<T>(input.layers[l], set),
                to + set * plan.tableSize + plan.tableOffset[l]);
    }
  });
  return tables;
}

/// The stack's input x, [samples, in] for each set or for all.
template <typename T>
struct InputRows {
  const T* data;
  int64_t width;
  int64_t setStride;

  InputRows(const Plan<T>& plan, const KanStackInput& input)
      : data(input.x.const_data_ptr<T>()),
        width(plan.widths[0]),
        setStride(input.sharesX() ? 0 : plan.samples * width) {}

  const T* at(int64_t set, int64_t sample) const { return data + set * setStride + sample * width; }

  /// What a block after (or before) these samples will read, where there is one.
  void prefetchBlock(const Plan<T>& plan, int64_t set, int64_t sample) const {
    if (sample < 0) return;
    const int64_t count = std::min(plan.pitch, plan.samples - sample);
    if (count > 0) prefetch(at(set, sample), count * width);
  }
};

template <typename T>
KanStackOutput forwardStack(const KanStackInput& input, bool keep) {
  const Plan<T> plan(input);
  const at::TensorOptions options = input.x.options().requires_grad(false);
  const at::Tensor tables = packTables(plan, input);
  const int64_t out = plan.widths.back();
  KanStackOutput output{.y = at::empty({plan.batch, plan.samples, out}, options), .kept = {}};
  T* const y = output.y.template mutable_data_ptr<T>();
  std::vector<T*> hidden;  // of the layers between
  if (keep) {
    for (int64_t l = 1; l < plan.layers(); ++l) {
      output.kept.push_back(at::empty({plan.activationSize(l)}, options));
      hidden.push_back(output.kept.back().template mutable_data_ptr<T>());
    }
    output.kept.push_back(tables);
  }
  const InputRows<T> x(plan, input);
  const T* const table = tables.const_data_ptr<T>();
  const int64_t activation = plan.widest * plan.pitch;

  parallelFor(0, plan.tasks(), 1, [&](int64_t firstTask, int64_t lastTask) {
    const at::Tensor workspace = at::empty({2 * activation + plan.scratchSize}, options);
    T* const passed = workspace.mutable_data_ptr<T>();
    T* const scratch = passed + 2 * activation;
    const auto pass = [&](int64_t set, int64_t block, int64_t sample, int64_t count) {
      const KernelBlock shape{.samples = count, .pitch = plan.pitch};
      x.prefetchBlock(plan, set, sample + plan.pitch);
      plan.kernel.transpose(count, x.width, x.at(set, sample), x.width, passed, plan.pitch);
      const T* from = passed;
      for (int64_t l = 0; l < plan.layers(); ++l) {
        T* to = passed + ((l + 1) % 2) * activation;
        if (keep && l + 1 < plan.layers()) {
          to = hidden[l] + block * plan.widths[l + 1] * plan.pitch;
        }
        plan.kernel.forward(plan.grid, plan.shapes[l], shape, from,
                            table + set * plan.tableSize + plan.tableOffset[l], to, scratch);
        from = to;
      }
      plan.kernel.transpose(out, count, from, plan.pitch, y + (set * plan.samples + sample) * out,
                            out);
    };
    for (int64_t task = firstTask; task < lastTask; ++task)
      plan.forBlocks(task, /*backwards=*/false, pass);
  });
  return output;
}

template <typename T>
KanStackGradients backwardStack(const KanStackInput& input, const std::vector<at::Tensor>& kept,
                                const at::Tensor& outputGradient, bool inputNeeded) {
  const Plan<T> plan(input);
  const at::TensorOptions options = input.x.options().requires_grad(false);
  at::Tensor sums = at::zeros({plan.tasks(), plan.tableSize}, options);
  T* const sum = sums.mutable_data_ptr<T>();
  KanStackGradients gradients;
  if (inputNeeded) gradients.x = at::empty({plan.batch, plan.samples, plan.widths[0]}, options);
  T* const toX = inputNeeded ? gradients.x.template mutable_data_ptr<T>() : nullptr;
  const T* const fromY = outputGradient.const_data_ptr<T>();
  const T* const table = kept.back().template const_data_ptr<T>();
  const InputRows<T> x(plan, input);
  const int64_t activation = plan.widest * plan.pitch;
  const int64_t out = plan.widths.back();

  parallelFor(0, plan.tasks(), 1, [&](int64_t firstTask, int64_t lastTask) {
    const at::Tensor workspace = at::empty({3 * activation + plan.scratchSize}, options);
    T* const firstInput = workspace.mutable_data_ptr<T>();
    T* const passed = firstInput + activation;
    T* const scratch = passed + 2 * activation;
    for (int64_t task = firstTask; task < lastTask; ++task) {
      T* const taskSums = sum + task * plan.tableSize;
      // Backwards: what was kept last is still in cache.
      const auto pass = [&](int64_t set, int64_t block, int64_t sample, int64_t count) {
        const KernelBlock shape{.samples = count, .pitch = plan.pitch};
        const int64_t row = set * plan.samples + sample;
        x.prefetchBlock(plan, set, sample - plan.pitch);
        for (int64_t l = 1; l < plan.layers() && sample > 0; ++l) {
          const int64_t size = plan.widths[l] * plan.pitch;
          prefetch(kept[l - 1].template const_data_ptr<T>() + (block - 1) * size, size);
        }
        plan.kernel.transpose(count, x.width, x.at(set, sample), x.width, firstInput, plan.pitch);
        T* from = passed + (plan.layers() % 2) * activation;
        plan.kernel.transpose(count, out, fromY + row * out, out, from, plan.pitch);
        for (int64_t l = plan.layers() - 1; l >= 0; --l) {
          const T* layerInput = l == 0 ? firstInput
                                       : kept[l - 1].template const_data_ptr<T>() +
                                             block * plan.widths[l] * plan.pitch;
          T* to = l > 0 || inputNeeded ? passed + (l % 2) * activation : nullptr;
          plan.kernel.backward(plan.grid, plan.shapes[l], shape, layerInput,
                               table + set * plan.tableSize + plan.tableOffset[l], from, to,
                               taskSums + plan.tableOffset[l], scratch);
          from = to;
        }
        if (inputNeeded) {
          plan.kernel.transpose(x.width, count, from, plan.pitch, toX + row * x.width, x.width);
        }
      };
      plan.forBlocks(task, /*backwards=*/true, pass);
    }
  });

  addPrivateSums(sum, plan.batch, plan.runs, plan.tableSize);
  for (const KanWeights& layer : input.layers) {
    gradients.layers.push_back(
        {.base = at::empty_like(layer.base),
         .coefficients = at::empty_like(layer.coefficients),
         .scale = layer.scale.defined() ? at::empty_like(layer.scale) : at::Tensor()});
  }
  parallelFor(0, plan.batch * plan.layers(), 1, [&](int64_t first, int64_t last) {
    for (int64_t each = first; each < last; ++each) {
      const int64_t set = each / plan.layers();
      const int64_t l = each % plan.layers();
      unpackGradient(
          plan.grid, plan.shapes[l], sum + set * plan.runs * plan.tableSize + plan.tableOffset[l],
          pointersOf<T>(input.layers[l], set), mutablePointersOf<T>(gradients.layers[l], set));
    }
  });
  return gradients;
}

class CpuBackend : public KanStackBackend {
 public:
  bool takes(const KanStackInput& input) const override {
    return input.grid.order <= kMaxOrder && input.grid.intervals <= kMaxIntervals;
  }

  KanStackOutput forward(const KanStackInput& input, bool keep) const override {
    return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "kanStack",
                                      [&] { return forwardStack<scalar_t>(input, keep); });
  }

  KanStackGradients backward(const KanStackInput& input, const std::vector<at::Tensor>& kept,
                             const at::Tensor& outputGradient, bool inputNeeded) const override {
    return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "kanStack", [&] {
      return backwardStack<scalar_t>(input, kept, outputGradient, inputNeeded);
    });
  }
};

}  // namespace

const KanStackBackend& kanStackBackend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace fewsound::cpu
