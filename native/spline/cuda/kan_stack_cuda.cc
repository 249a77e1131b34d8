// Runs the kernels over a whole stack of KAN layers. Nothing here waits for the device, and memory
// comes from LibTorch's allocator only, so all of it can be recorded in a CUDA graph.

#include "native/spline/cuda/kan_stack_cuda.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <utility>

#include "native/cuda/device.h"
#include "native/cuda/stream.h"
#include "native/spline/cuda/kan_launch.h"
#include "native/spline/cuda/kan_plan.h"

namespace fewsound::cuda {
namespace {

/// What both passes over a stack know.
template <typename T>
struct Pass {
  const KanStackInput& input;
  KanGrid<T> grid;
  int sets;
  int64_t samples;
  std::vector<int64_t> widths;  // [layers + 1]
  at::TensorOptions options;
  int64_t sharedLimit = sharedMemoryLimit();
  void* stream;
  TablesJob<T> tables{};
  int64_t tableSet = 0;  // numbers of a set's tables

  explicit Pass(const KanStackInput& stack)
      : input(stack),
        grid{.inverseStep = static_cast<T>(1.0 / stack.grid.step()),
             .offset = static_cast<T>(static_cast<double>(stack.grid.order) -
                                      stack.grid.lower / stack.grid.step()),
             .cells = static_cast<int>(stack.grid.intervals + 2 * stack.grid.order),
             .order = static_cast<int>(stack.grid.order),
             .activation = stack.activation},
        sets(static_cast<int>(stack.batch())),
        samples(stack.samples()),
        widths(stack.widths()),
        options(stack.x.options().requires_grad(false)),
        stream(currentStream(stack.x.device())) {
    tables.grid = grid;
    tables.layers = layers();
    for (int l = 0; l < layers(); ++l) {
      const KanWeights& weights = input.layers[l];
      LayerJob<T>& layer = tables.layer[l];
      layer.shape = shapeOf(widths[l], widths[l + 1]);
      layer.base = weights.base.const_data_ptr<T>();
      layer.coefficients = weights.coefficients.const_data_ptr<T>();
      layer.scale = weights.scale.defined() ? weights.scale.const_data_ptr<T>() : nullptr;
      tableSet += layer.shape.tableSize(grid.rows());
    }
    tables.tableSet = tableSet;
  }

  int layers() const { return static_cast<int>(widths.size()) - 1; }

  void setTables(const at::Tensor& storage) {
    T* next = storage.mutable_data_ptr<T>();
    for (int l = 0; l < layers(); ++l) {
      tables.layer[l].table = next;
      next += tables.layer[l].shape.tableSize(grid.rows());
    }
  }

  /// Of the stack's input and output: features of a sample side by side, as tensors have them.
  template <typename U>
  Activations<U> outer(U* data, int64_t width, bool shared = false) const {
    return {.data = data, .set = shared ? 0 : samples * width, .sample = width, .feature = 1};
  }

  /// Between layers: samples of a feature side by side, as warps read and write them.
  template <typename U>
  Activations<U> hidden(U* data, int64_t width) const {
    return {.data = data, .set = samples * width, .sample = 1, .feature = samples};
  }

  at::Tensor emptyHidden(int layer) const {
    return at::empty({sets, widths[layer], samples}, options);
  }

  Activations<const T> inputOf(int layer, const std::vector<at::Tensor>& hiddens) const {
    if (layer > 0) {
      return hidden<const T>(hiddens[layer - 1].template const_data_ptr<T>(), widths[layer]);
    }
    return outer<const T>(input.x.template const_data_ptr<T>(), widths[0], input.sharesX());
  }
};

template <typename T>
KanStackOutput forwardStack(const KanStackInput& input, bool keep) {
  Pass<T> pass(input);
  const at::Tensor tables = at::empty({pass.sets, pass.tableSet}, pass.options);
  pass.setTables(tables);
  checkLaunch(launchPackTables(pass.tables, pass.sets, pass.stream), "packTables");
  KanStackOutput output{.y = at::empty({pass.sets, pass.samples, pass.widths.back()}, pass.options),
                        .kept = {}};
  std::vector<at::Tensor> hiddens;
  for (int l = 0; l < pass.layers(); ++l) {
    const bool last = l + 1 == pass.layers();
    if (!last) hiddens.push_back(pass.emptyHidden(l + 1));
    const LayerJob<T>& layer = pass.tables.layer[l];
    const int64_t out = pass.widths[l + 1];
    ForwardJob<T> job{
        .grid = pass.grid,
        .shape = layer.shape,
        .samples = pass.samples,
        .table = layer.table,
        .tableSet = pass.tableSet,
        .x = pass.inputOf(l, hiddens),
        .y = last ? pass.outer(output.y.template mutable_data_ptr<T>(), out)
                  : pass.hidden(hiddens.back().template mutable_data_ptr<T>(), out),
    };
    planForward(job, pass.sets, pass.sharedLimit);
    checkLaunch(launchForward(job, pass.sets, pass.stream), "kanForward");
  }
  if (keep) {
    output.kept = std::move(hiddens);
    output.kept.push_back(tables);
  }
  return output;
}

template <typename T>
KanStackGradients backwardStack(const KanStackInput& input, const std::vector<at::Tensor>& kept,
                                const at::Tensor& outputGradient, bool inputNeeded) {
  Pass<T> pass(input);
  pass.setTables(kept.back());
  KanStackGradients gradients;
  if (inputNeeded) {
    gradients.x = at::empty({pass.sets, pass.samples, pass.widths[0]}, pass.options);
  }
  std::vector<at::Tensor> partials;
  at::Tensor above = outputGradient;
  for (int l = pass.layers() - 1; l >= 0; --l) {
    LayerJob<T>& layer = pass.tables.layer[l];
    const bool last = l + 1 == pass.layers();
    const at::Tensor below = l > 0 ? pass.emptyHidden(l) : gradients.x;
    T* const to = below.defined() ? below.mutable_data_ptr<T>() : nullptr;
    const T* const from = above.const_data_ptr<T>();
    BackwardJob<T> job{
        .grid = pass.grid,
        .shape = layer.shape,
        .samples = pass.samples,
        .table = layer.table,
        .tableSet = pass.tableSet,
        .x = pass.inputOf(l, kept),
        .outputGradient =
            last ? pass.outer(from, pass.widths[l + 1]) : pass.hidden(from, pass.widths[l + 1]),
        .inputGradient = l > 0 ? pass.hidden(to, pass.widths[l]) : pass.outer(to, pass.widths[l]),
    };
    planBackward(job, pass.sets, pass.sharedLimit);
    partials.push_back(
        at::empty({pass.sets, job.blocks, layer.shape.tableSize(pass.grid.rows())}, pass.options));
    job.partials = partials.back().template mutable_data_ptr<T>();
    layer.partials = job.partials;
    layer.blocks = job.blocks;
    checkLaunch(launchBackward(job, pass.sets, pass.stream), "kanBackward");
    above = below;
  }

  for (int l = 0; l < pass.layers(); ++l) {
    const KanWeights& weights = input.layers[l];
    gradients.layers.push_back(
        {.base = at::empty_like(weights.base),
         .coefficients = at::empty_like(weights.coefficients),
         .scale = weights.scale.defined() ? at::empty_like(weights.scale) : at::Tensor()});
    const KanWeights& found = gradients.layers.back();
    LayerJob<T>& layer = pass.tables.layer[l];
    layer.baseGradient = found.base.template mutable_data_ptr<T>();
    layer.coefficientGradient = found.coefficients.template mutable_data_ptr<T>();
    if (found.scale.defined()) layer.scaleGradient = found.scale.template mutable_data_ptr<T>();
  }
  checkLaunch(launchSumPartials(pass.tables, pass.sets, pass.stream), "sumPartials");
  return gradients;
}

class CudaBackend : public KanStackBackend {
 public:
  bool takes(const KanStackInput& input) const override {
    // What the kernels count with int, and what a launch takes.
    constexpr int64_t kMost = 65535;
    const auto widths = input.widths();
    return input.grid.order <= kMaxOrder && input.grid.intervals <= kMost &&
           input.layers.size() <= kMaxLayers && input.batch() <= kMost &&
           std::all_of(widths.begin(), widths.end(), [](int64_t w) { return w <= kMost; });
  }

  KanStackOutput forward(const KanStackInput& input, bool keep) const override {
    const c10::DeviceGuard guard(input.x.device());
    return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "kanStack",
                                      [&] { return forwardStack<scalar_t>(input, keep); });
  }

  KanStackGradients backward(const KanStackInput& input, const std::vector<at::Tensor>& kept,
                             const at::Tensor& outputGradient, bool inputNeeded) const override {
    const c10::DeviceGuard guard(input.x.device());
    return AT_DISPATCH_FLOATING_TYPES(input.x.scalar_type(), "kanStack", [&] {
      return backwardStack<scalar_t>(input, kept, outputGradient, inputNeeded);
    });
  }
};

}  // namespace

const KanStackBackend* kanStackBackend() {
  static const CudaBackend backend;
  return &backend;
}

}  // namespace fewsound::cuda
