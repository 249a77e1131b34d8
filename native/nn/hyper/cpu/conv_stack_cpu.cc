// Takes recordings through a stack of convolutions: cut into one run for each thread, or one after
// another with loops that all threads share where there are fewer recordings than that. The sums of
// gradients that runs make for themselves are added in a fixed order, so that the result depends on
// the number of threads only.

#include "native/nn/hyper/cpu/conv_stack_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "native/nn/hyper/cpu/conv_pass.h"
#include "native/parallel_for.h"

namespace fewsound::cpu {
namespace {

int64_t runsOf(const at::Tensor& x) { return std::min<int64_t>(x.size(0), at::get_num_threads()); }

/// Calls work(run, first recording, end) side by side.
template <typename Work>
void forRuns(const at::Tensor& x, const Work& work) {
  const int64_t runs = runsOf(x);
  parallelFor(0, runs, 1, [&](int64_t firstRun, int64_t endRun) {
    for (int64_t run = firstRun; run < endRun; ++run) {
      work(run, run * x.size(0) / runs, (run + 1) * x.size(0) / runs);
    }
  });
}

template <typename T>
ConvStackOutput forwardStack(const at::Tensor& x, const std::vector<ConvStage>& stages, bool keep) {
  const ConvPlan<T> plan(x, stages, keep ? ConvUse::kGradients : ConvUse::kResult);
  const at::TensorOptions options = x.options().requires_grad(false);
  const PlannedStage<T>& last = plan.stages.back();
  ConvStackOutput output{.y = at::empty({x.size(0), last.out, last.time}, options),
                         .kept = at::empty({keep ? x.size(0) : runsOf(x), plan.size}, options)};
  const T* const from = x.const_data_ptr<T>();
  T* const kept = output.kept.template mutable_data_ptr<T>();
  T* const y = output.y.template mutable_data_ptr<T>();
  forRuns(x, [&](int64_t run, int64_t first, int64_t end) {
    const ConvPass<T> pass(plan, options, /*goesBack=*/false);
    for (int64_t i = first; i < end; ++i) {
      pass.forward(from + i * x.size(1) * x.size(2), kept + (keep ? i : run) * plan.size,
                   y + i * last.out * last.time);
    }
  });
  if (!keep) output.kept = at::Tensor();
  return output;
}

/// Zeros in the shapes of the stages' tensors.
std::vector<ConvStage> zerosLike(const std::vector<ConvStage>& stages) {
  std::vector<ConvStage> zeros;
  for (const ConvStage& stage : stages) {
    const auto like = [](const at::Tensor& tensor) {
      return tensor.defined() ? at::zeros_like(tensor.detach()) : at::Tensor();
    };
    zeros.push_back({.weight = like(stage.weight),
                     .bias = like(stage.bias),
                     .gain = like(stage.gain),
                     .shift = like(stage.shift)});
  }
  return zeros;
}

template <typename T>
std::vector<StageSums<T>> sumsIn(const std::vector<ConvStage>& stages) {
  std::vector<StageSums<T>> sums;
  for (const ConvStage& stage : stages) {
    const bool norm = stage.gain.defined();
    sums.push_back({.weight = stage.weight.mutable_data_ptr<T>(),
                    .bias = stage.bias.mutable_data_ptr<T>(),
                    .gain = norm ? stage.gain.mutable_data_ptr<T>() : nullptr,
                    .shift = norm ? stage.shift.mutable_data_ptr<T>() : nullptr});
  }
  return sums;
}

void addTo(std::vector<ConvStage>& sums, const std::vector<ConvStage>& others) {
  for (size_t s = 0; s < sums.size(); ++s) {
    sums[s].weight.add_(others[s].weight);
    sums[s].bias.add_(others[s].bias);
    if (!sums[s].gain.defined()) continue;
    sums[s].gain.add_(others[s].gain);
    sums[s].shift.add_(others[s].shift);
  }
}

template <typename T>
ConvStackGradients backwardStack(const at::Tensor& x, const std::vector<ConvStage>& stages,
                                 const at::Tensor& kept, const at::Tensor& outputGradient,
                                 bool inputNeeded) {
  const ConvPlan<T> plan(x, stages, ConvUse::kWayBack);
  const at::TensorOptions options = x.options().requires_grad(false);
  const PlannedStage<T>& last = plan.stages.back();
  std::vector<std::vector<ConvStage>> found(runsOf(x));  // of each run
  for (std::vector<ConvStage>& own : found) own = zerosLike(stages);
  ConvStackGradients gradients;
  if (inputNeeded) gradients.x = at::empty_like(x, options);
  T* const toX = inputNeeded ? gradients.x.template mutable_data_ptr<T>() : nullptr;
  const T* const from = outputGradient.const_data_ptr<T>();
  const T* const numbers = kept.const_data_ptr<T>();
  forRuns(x, [&](int64_t run, int64_t first, int64_t end) {
    const ConvPass<T> pass(plan, options, /*goesBack=*/true);
    const std::vector<StageSums<T>> sums = sumsIn<T>(found[run]);
    for (int64_t i = first; i < end; ++i) {
      pass.backward(numbers + i * plan.size, from + i * last.out * last.time, sums,
                    inputNeeded ? toX + i * x.size(1) * x.size(2) : nullptr);
    }
  });
  for (size_t run = 1; run < found.size(); ++run) addTo(found[0], found[run]);
  gradients.stages = std::move(found[0]);
  return gradients;
}

}  // namespace

ConvStackOutput convForward(const at::Tensor& x, const std::vector<ConvStage>& stages, bool keep) {
  return AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "convStack",
                                    [&] { return forwardStack<scalar_t>(x, stages, keep); });
}

ConvStackGradients convBackward(const at::Tensor& x, const std::vector<ConvStage>& stages,
                                const at::Tensor& kept, const at::Tensor& outputGradient,
                                bool inputNeeded) {
  return AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "convStack", [&] {
    return backwardStack<scalar_t>(x, stages, kept, outputGradient, inputNeeded);
  });
}

}  // namespace fewsound::cpu
