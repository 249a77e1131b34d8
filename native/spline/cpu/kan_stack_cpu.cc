// Runs the kernel over a whole stack of KAN layers: packs the weights into the kernel's tables,
// cuts the samples into one run per thread and the runs into blocks that stay in cache through all
// layers, and sums the threads' private gradients in a fixed order, so that the result depends on
// the number of threads only.

#include "native/spline/cpu/kan_stack_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "native/spline/cpu/kan_kernel.h"
#include "native/spline/kan_stack.h"

namespace fewsound::cpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Samples that go through all layers together: their activations stay in the first two cache
/// levels.
constexpr int64_t kBlock = 32;
constexpr int64_t kMaxOrder = 16;
constexpr int64_t kLine = 16;

/// Sizes of a stack and of one pass over it.
struct Plan {
  int64_t batch;               // sets of weights
  int64_t samples;             // samples for each set
  int64_t inputBatchStride;    // 0 where all sets see the same x
  int64_t runs;                // parallel runs for each set
  std::vector<int64_t> width;  // [layers + 1]

  int64_t layers() const { return static_cast<int64_t>(width.size()) - 1; }
  int64_t tasks() const { return batch * runs; }
  std::pair<int64_t, int64_t> range(int64_t run) const {
    return {run * samples / runs, (run + 1) * samples / runs};
  }
};

template <typename T>
struct Stack {
  const KanKernel<T>& kernel = kanKernel<T>();
  KernelGrid<T> grid;
  std::vector<KernelShape> shapes;
  std::vector<int64_t> tableOffset;  // of each layer within a set's tables
  int64_t tableSize = 0;
  int64_t scratchSize = 0;
  int64_t widest = 0;

  Stack(const SplineGrid& spline, const Plan& plan)
      : grid{.inverseStep = static_cast<T>(1.0 / spline.step()),
             .offset =
                 static_cast<T>(static_cast<double>(spline.order) - spline.lower / spline.step()),
             .cells = spline.intervals + 2 * spline.order,
             .order = spline.order} {
    for (int64_t layer = 0; layer < plan.layers(); ++layer) {
      const int64_t out = plan.width[layer + 1];
      const KernelShape shape{plan.width[layer], out, kernel.stride(out)};
      shapes.push_back(shape);
      tableOffset.push_back(tableSize);
      // Every table begins on a cache line, as the tensors that hold them do.
      tableSize += (shape.tableSize(grid.rows()) + kLine - 1) / kLine * kLine;
      scratchSize = std::max(scratchSize, kernel.scratchSize(grid, shape, kBlock));
      widest = std::max(widest, shape.in);
    }
  }
};

/// Weights as the kernel reads them, [in, rows, stride]; `scale` is folded into the coefficients.
template <typename T>
void packTable(const KernelGrid<T>& grid, const KernelShape& shape, int64_t bases, const T* base,
               const T* coefficients, const T* scale, T* table) {
  const int64_t rows = grid.rows();
  std::fill_n(table, shape.tableSize(rows), T(0));
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t i = 0; i < shape.in; ++i) {
      const int64_t edge = o * shape.in + i;
      const T factor = scale == nullptr ? T(1) : scale[edge];
      T* column = table + i * rows * shape.stride + o;
      for (int64_t m = 0; m < bases; ++m) {
        column[(grid.firstBasisRow() + m) * shape.stride] = factor * coefficients[edge * bases + m];
      }
      column[grid.baseRow() * shape.stride] = base[edge];
    }
  }
}

/// The opposite way for the gradients: `tables` holds `runs` private sums, `distance` apart.
template <typename T>
void unpackGradient(const KernelGrid<T>& grid, const KernelShape& shape, int64_t bases,
                    int64_t runs, int64_t distance, T* tables, const T* coefficients,
                    const T* scale, T* base, T* coefficientGradient, T* scaleGradient) {
  const int64_t rows = grid.rows();
  const int64_t size = shape.tableSize(rows);
  for (int64_t run = 1; run < runs; ++run) {
    const T* other = tables + run * distance;
    for (int64_t e = 0; e < size; ++e) tables[e] += other[e];
  }
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t i = 0; i < shape.in; ++i) {
      const int64_t edge = o * shape.in + i;
      const T* column = tables + i * rows * shape.stride + o;
      T along = 0;
      for (int64_t m = 0; m < bases; ++m) {
        const T gradient = column[(grid.firstBasisRow() + m) * shape.stride];
        coefficientGradient[edge * bases + m] =
            scale == nullptr ? gradient : scale[edge] * gradient;
        along += gradient * coefficients[edge * bases + m];
      }
      base[edge] = column[grid.baseRow() * shape.stride];
      if (scaleGradient != nullptr) scaleGradient[edge] = along;
    }
  }
}

/// The layers' tensors in a row, as autograd wants them.
std::vector<at::Tensor> flatten(const std::vector<KanWeights>& layers) {
  std::vector<at::Tensor> flat;
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

Plan makePlan(const at::Tensor& x, const std::vector<KanWeights>& layers) {
  Plan plan;
  const bool batched = layers[0].base.dim() == 3;
  const int64_t in = x.size(-1);
  if (batched) {
    plan.batch = layers[0].base.size(0);
    plan.samples = x.size(-2);
    plan.inputBatchStride = x.dim() == 3 && x.size(0) != 1 ? plan.samples * in : 0;
  } else {
    plan.batch = 1;
    plan.samples = x.numel() / in;
    plan.inputBatchStride = 0;
  }
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  const int64_t blocks = (plan.samples + kBlock - 1) / kBlock;
  plan.runs =
      std::clamp<int64_t>((threads + plan.batch - 1) / plan.batch, 1, std::max<int64_t>(blocks, 1));
  plan.width.push_back(in);
  for (const KanWeights& layer : layers) plan.width.push_back(layer.base.size(-2));
  return plan;
}

template <typename T>
at::Tensor packTables(const Stack<T>& stack, const Plan& plan,
                      const std::vector<KanWeights>& layers, const at::TensorOptions& options) {
  at::Tensor tables = at::empty({plan.batch, stack.tableSize}, options);
  T* to = tables.mutable_data_ptr<T>();
  for (int64_t set = 0; set < plan.batch; ++set) {
    for (int64_t l = 0; l < plan.layers(); ++l) {
      const KernelShape& shape = stack.shapes[l];
      const int64_t edges = shape.in * shape.out;
      const int64_t bases = layers[l].coefficients.size(-1);
      const T* scale =
          layers[l].scale.defined() ? layers[l].scale.template const_data_ptr<T>() : nullptr;
      packTable(stack.grid, shape, bases, layers[l].base.template const_data_ptr<T>() + set * edges,
                layers[l].coefficients.template const_data_ptr<T>() + set * edges * bases,
                scale == nullptr ? nullptr : scale + set * edges,
                to + set * stack.tableSize + stack.tableOffset[l]);
    }
  }
  return tables;
}

/// Outputs of every layer, each [batch, samples, width]; the last one is the result.
template <typename T>
std::vector<at::Tensor> forwardStack(const Plan& plan, const at::Tensor& x,
                                     const std::vector<KanWeights>& layers,
                                     const SplineGrid& spline) {
  const Stack<T> stack(spline, plan);
  const at::Tensor tables = packTables(stack, plan, layers, x.options());
  std::vector<at::Tensor> outputs;
  std::vector<T*> data;
  for (int64_t l = 0; l < plan.layers(); ++l) {
    outputs.push_back(at::empty({plan.batch, plan.samples, plan.width[l + 1]}, x.options()));
    data.push_back(outputs.back().mutable_data_ptr<T>());
  }
  const T* input = x.const_data_ptr<T>();
  const T* table = tables.const_data_ptr<T>();

  at::parallel_for(0, plan.tasks(), 1, [&](int64_t firstTask, int64_t lastTask) {
    const at::Tensor scratch = at::empty({stack.scratchSize}, tables.options());
    for (int64_t task = firstTask; task < lastTask; ++task) {
      const int64_t set = task / plan.runs;
      const auto [first, last] = plan.range(task % plan.runs);
      for (int64_t s = first; s < last; s += kBlock) {
        const int64_t count = std::min(kBlock, last - s);
        const T* from = input + set * plan.inputBatchStride + s * plan.width[0];
        for (int64_t l = 0; l < plan.layers(); ++l) {
          T* to = data[l] + (set * plan.samples + s) * plan.width[l + 1];
          stack.kernel.forward(stack.grid, stack.shapes[l], count, from,
                               table + set * stack.tableSize + stack.tableOffset[l], to,
                               scratch.mutable_data_ptr<T>());
          from = to;
        }
      }
    }
  });
  return outputs;
}

/// Gradients of x (undefined unless asked for) and of the flattened weights.
template <typename T>
variable_list backwardStack(const Plan& plan, const at::Tensor& x,
                            const std::vector<KanWeights>& layers, at::TensorList hidden,
                            const at::Tensor& outputGradient, const SplineGrid& spline,
                            bool inputNeeded) {
  const Stack<T> stack(spline, plan);
  const at::Tensor tables = packTables(stack, plan, layers, x.options());
  at::Tensor sums = at::zeros({plan.tasks(), stack.tableSize}, x.options());
  at::Tensor inputGradient;
  if (inputNeeded)
    inputGradient = at::empty({plan.batch, plan.samples, plan.width[0]}, x.options());

  const T* table = tables.const_data_ptr<T>();
  T* sum = sums.mutable_data_ptr<T>();
  const T* input = x.const_data_ptr<T>();
  const T* gradient = outputGradient.const_data_ptr<T>();
  T* toInput = inputNeeded ? inputGradient.mutable_data_ptr<T>() : nullptr;
  std::vector<const T*> activations;
  for (const at::Tensor& layer : hidden) activations.push_back(layer.const_data_ptr<T>());

  at::parallel_for(0, plan.tasks(), 1, [&](int64_t firstTask, int64_t lastTask) {
    const at::Tensor scratch = at::empty({stack.scratchSize}, tables.options());
    const at::Tensor passed = at::empty({2, stack.widest * kBlock}, tables.options());
    T* const gradients = passed.mutable_data_ptr<T>();
    for (int64_t task = firstTask; task < lastTask; ++task) {
      const int64_t set = task / plan.runs;
      const auto [first, last] = plan.range(task % plan.runs);
      for (int64_t s = first; s < last; s += kBlock) {
        const int64_t count = std::min(kBlock, last - s);
        const int64_t row = set * plan.samples + s;
        const T* from = gradient + row * plan.width.back();
        for (int64_t l = plan.layers() - 1; l >= 0; --l) {
          const T* layerInput = l == 0 ? input + set * plan.inputBatchStride + s * plan.width[0]
                                       : activations[l - 1] + row * plan.width[l];
          T* to = nullptr;
          if (l > 0) {
            to = gradients + (l % 2) * stack.widest * kBlock;
          } else if (inputNeeded) {
            to = toInput + row * plan.width[0];
          }
          stack.kernel.backward(stack.grid, stack.shapes[l], count, layerInput,
                                table + set * stack.tableSize + stack.tableOffset[l], from, to,
                                sum + task * stack.tableSize + stack.tableOffset[l],
                                scratch.mutable_data_ptr<T>());
          from = to;
        }
      }
    }
  });

  variable_list gradients{inputGradient};
  for (int64_t l = 0; l < plan.layers(); ++l) {
    const KernelShape& shape = stack.shapes[l];
    const KanWeights& own = layers[l];
    const int64_t edges = shape.in * shape.out;
    const int64_t bases = own.coefficients.size(-1);
    const bool scaled = own.scale.defined();
    at::Tensor base = at::empty_like(own.base);
    at::Tensor coefficients = at::empty_like(own.coefficients);
    at::Tensor scale = scaled ? at::empty_like(own.scale) : at::Tensor();
    T* toBase = base.mutable_data_ptr<T>();
    T* toCoefficients = coefficients.mutable_data_ptr<T>();
    T* toScale = scaled ? scale.mutable_data_ptr<T>() : nullptr;
    const T* coefficient = own.coefficients.const_data_ptr<T>();
    const T* scales = scaled ? own.scale.const_data_ptr<T>() : nullptr;
    for (int64_t set = 0; set < plan.batch; ++set) {
      unpackGradient(stack.grid, shape, bases, plan.runs, stack.tableSize,
                     sum + set * plan.runs * stack.tableSize + stack.tableOffset[l],
                     coefficient + set * edges * bases, scaled ? scales + set * edges : nullptr,
                     toBase + set * edges, toCoefficients + set * edges * bases,
                     scaled ? toScale + set * edges : nullptr);
    }
    gradients.push_back(base);
    gradients.push_back(coefficients);
    if (scaled) gradients.push_back(scale);
  }
  return gradients;
}

/// The gradient as a graph of its own, for double backward: through the reference.
variable_list differentiableGradients(const at::Tensor& x, at::TensorList flat, bool scaled,
                                      const SplineGrid& grid, const at::Tensor& outputGradient) {
  variable_list inputs{x};
  inputs.insert(inputs.end(), flat.begin(), flat.end());
  const at::Tensor y = kanStackReference(x, unflatten(flat, scaled), grid);
  variable_list wanted;
  for (const at::Tensor& input : inputs) {
    if (input.requires_grad()) wanted.push_back(input);
  }
  const variable_list found = torch::autograd::grad({y}, wanted, {outputGradient},
                                                    /*retain_graph=*/true, /*create_graph=*/true,
                                                    /*allow_unused=*/true);
  variable_list gradients;
  size_t next = 0;
  for (const at::Tensor& input : inputs) {
    gradients.push_back(input.requires_grad() ? found[next++] : at::Tensor());
  }
  return gradients;
}

class KanStackFunction : public torch::autograd::Function<KanStackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList flat,
                            bool scaled, const SplineGrid& grid) {
    const std::vector<KanWeights> layers = unflatten(flat, scaled);
    const Plan plan = makePlan(x, layers);
    std::vector<at::Tensor> outputs;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "kanStack",
                               [&] { outputs = forwardStack<scalar_t>(plan, x, layers, grid); });
    at::Tensor y = outputs.back();
    outputs.pop_back();

    variable_list saved{x};
    saved.insert(saved.end(), flat.begin(), flat.end());
    saved.insert(saved.end(), outputs.begin(), outputs.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["weights"] = static_cast<int64_t>(flat.size());
    context->saved_data["scaled"] = scaled;
    context->saved_data["grid"] = std::vector<int64_t>{grid.intervals, grid.order};
    context->saved_data["bounds"] = std::vector<double>{grid.lower, grid.upper};

    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = plan.width.back();
    if (layers[0].base.dim() == 3) shape = {plan.batch, plan.samples, plan.width.back()};
    return y.view(shape);
  }

  static variable_list backward(AutogradContext* context, variable_list outputGradients) {
    const variable_list saved = context->get_saved_variables();
    const auto weights = context->saved_data["weights"].toInt();
    const bool scaled = context->saved_data["scaled"].toBool();
    const auto counts = context->saved_data["grid"].toIntVector();
    const auto bounds = context->saved_data["bounds"].toDoubleVector();
    const SplineGrid grid{counts[0], counts[1], bounds[0], bounds[1]};
    const at::Tensor& x = saved[0];
    const at::TensorList flat(saved.data() + 1, weights);
    const at::TensorList hidden(saved.data() + 1 + weights, saved.size() - 1 - weights);

    variable_list gradients;
    if (at::GradMode::is_enabled()) {
      gradients = differentiableGradients(x, flat, scaled, grid, outputGradients[0]);
    } else {
      const std::vector<KanWeights> layers = unflatten(flat, scaled);
      const Plan plan = makePlan(x, layers);
      AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "kanStack", [&] {
        gradients =
            backwardStack<scalar_t>(plan, x, layers, hidden, outputGradients[0].contiguous(), grid,
                                    context->needs_input_grad(0));
      });
      at::Tensor& toInput = gradients[0];
      if (toInput.defined()) {
        const bool shared = layers[0].base.dim() == 3 && plan.inputBatchStride == 0;
        toInput = (shared ? toInput.sum(0) : toInput).view(x.sizes());
      }
    }
    gradients.emplace_back();  // scaled
    gradients.emplace_back();  // grid
    return gradients;
  }
};

}  // namespace

bool canFuse(const at::Tensor& x, const std::vector<KanWeights>& layers, const SplineGrid& grid) {
  const auto dtype = x.scalar_type();
  if (!x.is_cpu() || (dtype != at::kFloat && dtype != at::kDouble)) return false;
  if (grid.order > kMaxOrder || x.numel() == 0 || layers.empty() || x.dim() < 2) return false;
  const int64_t dims = layers[0].base.dim();
  if ((dims != 2 && dims != 3) || (dims == 3 && x.dim() > 3)) return false;
  const bool scaled = layers[0].scale.defined();
  const auto isDense = [&](const at::Tensor& weight, at::IntArrayRef shape) {
    return weight.is_cpu() && weight.scalar_type() == dtype && weight.sizes() == shape;
  };
  // The kernel trusts these sizes, so all are checked here; the reference then says what is wrong.
  int64_t in = x.size(-1);
  for (const KanWeights& layer : layers) {
    if (layer.base.dim() != dims || layer.scale.defined() != scaled) return false;
    std::vector<int64_t> shape = layer.base.sizes().vec();
    if (dims == 3 && shape[0] != layers[0].base.size(0)) return false;
    if (shape.back() != in || layer.base.numel() == 0) return false;
    in = layer.base.size(-2);
    const bool edges = isDense(layer.base, shape) && (!scaled || isDense(layer.scale, shape));
    shape.push_back(grid.bases());
    if (!edges || !isDense(layer.coefficients, shape)) return false;
  }
  const int64_t sets = dims == 3 ? layers[0].base.size(0) : 1;
  return dims == 2 || x.dim() == 2 || x.size(0) == sets || x.size(0) == 1;
}

at::Tensor kanStackFused(const at::Tensor& x, const std::vector<KanWeights>& layers,
                         const SplineGrid& grid) {
  std::vector<at::Tensor> flat = flatten(layers);
  for (at::Tensor& weight : flat) weight = weight.contiguous();
  return KanStackFunction::apply(x.contiguous(), at::TensorList(flat), layers[0].scale.defined(),
                                 grid);
}

}  // namespace fewsound::cpu
