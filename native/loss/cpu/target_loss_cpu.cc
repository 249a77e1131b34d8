#include "native/loss/cpu/target_loss_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/hann_window.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "native/audio/mel.h"
#include "native/loss/cpu/mel_resolution.h"
#include "native/parallel_for.h"

namespace fewsound::cpu {
namespace {

constexpr int64_t kGrain = 4096;  // samples that a thread works on at least

/// Sums over a chunk of |d| and d^2, d the distance of two mel spectrograms.
struct Distance {
  double absolute = 0;
  double square = 0;
};

template <typename T>
class CpuTargetLoss : public TargetLoss {
 public:
  CpuTargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target)
      : TargetLoss(target), options_(options) {
    checkOptions(options_);
    if (options_.mel == 0.0) return;
    for (const int64_t size : options_.fftSizes) {
      checkLongEnough(samples(), size);
      const at::Tensor window = at::hann_window(size, target_.options());
      resolutions_.emplace_back(window, weightedFilterbank(options_, size, target_.options()),
                                samples());
      const MelResolution<T>& made = resolutions_.back();
      distances_.push_back(at::empty({made.mels() * made.frames()}, target_.options()));
      targets_.push_back(
          at::empty({target_.size(0), made.mels() * made.frames()}, target_.options()));
      const auto index = static_cast<int64_t>(resolutions_.size()) - 1;
      for (int64_t chunk = 0; chunk < made.chunks(); ++chunk) tasks_.push_back({index, chunk});
    }
    sums_.resize(tasks_.size());
    CpuTargetLoss::prepareTarget();
  }

 private:
  void prepareTarget() override {
    for (int64_t clip = 0; clip < target_.size(0); ++clip) {
      const T* const signal = clipOf(target_, clip);
      forEachTask([&](const Task& task, Distance&) {
        resolution(task).forward(task.chunk, signal, targetMel(task, clip));
      });
    }
  }

  /// A chunk of the frames of one resolution.
  struct Task {
    int64_t resolution;
    int64_t chunk;
  };

  int64_t samples() const { return target_.size(1); }
  MelResolution<T>& resolution(const Task& task) {
    return resolutions_[static_cast<size_t>(task.resolution)];
  }
  const T* clipOf(const at::Tensor& signals, int64_t clip) const {
    return signals.const_data_ptr<T>() + clip * samples();
  }
  int64_t melOffset(const Task& task) {
    return resolution(task).firstFrame(task.chunk) * resolution(task).mels();
  }
  T* targetMel(const Task& task, int64_t clip) {
    return targets_[static_cast<size_t>(task.resolution)].template mutable_data_ptr<T>() +
           clip * resolution(task).frames() * resolution(task).mels() + melOffset(task);
  }
  T* distance(const Task& task) {
    return distances_[static_cast<size_t>(task.resolution)].template mutable_data_ptr<T>() +
           melOffset(task);
  }
  int64_t melCount(const Task& task) {
    const MelResolution<T>& here = resolution(task);
    return (here.endFrame(task.chunk) - here.firstFrame(task.chunk)) * here.mels();
  }

  /// work(task, its sums) for all tasks, in parallel.
  template <typename Work>
  void forEachTask(const Work& work) {
    parallelFor(0, static_cast<int64_t>(tasks_.size()), 1, [&](int64_t first, int64_t end) {
      // Nothing here is differentiated: past autograd's layers an operator costs less.
      const at::AutoDispatchBelowADInplaceOrView guard;
      for (int64_t i = first; i < end; ++i) {
        work(tasks_[static_cast<size_t>(i)], sums_[static_cast<size_t>(i)]);
      }
    });
  }

  void compute(const at::Tensor& estimate) override {
    for (int64_t clip = 0; clip < target_.size(0); ++clip) {
      const T* const signal = clipOf(estimate, clip);
      T* const gradient = gradient_.mutable_data_ptr<T>() + clip * samples();
      double loss = computeTime(signal, clipOf(target_, clip), gradient);
      if (options_.mel > 0.0) loss += computeMel(clip, signal, gradient);
      losses_.mutable_data_ptr<double>()[clip] = loss;
    }
  }

  /// time·mean|e - t|; writes its gradient.
  double computeTime(const T* estimate, const T* target, T* gradient) const {
    const double weight = options_.time / static_cast<double>(samples());
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < samples(); ++i) {
      const T difference = estimate[i] - target[i];
      // Not a sign that ends at 0: a NaN goes on into the loss and the gradient.
      gradient[i] = difference == T(0) ? T(0) : std::copysign(static_cast<T>(weight), difference);
      sum += std::abs(difference);
    }
    return sum * weight;
  }

  /// mel·(mean over resolutions of mean|d| + sqrt(mean d^2)); adds its gradient.
  double computeMel(int64_t clip, const T* signal, T* gradient) {
    forEachTask([&](const Task& task, Distance& sum) {
      T* const d = distance(task);
      const T* const target = targetMel(task, clip);
      resolution(task).forward(task.chunk, signal, d);
      double absolute = 0;
      double square = 0;
#pragma omp simd reduction(+ : absolute, square)
      for (int64_t i = 0; i < melCount(task); ++i) {
        d[i] -= target[i];
        const auto wide = static_cast<double>(d[i]);
        absolute += std::abs(wide);
        square += wide * wide;
      }
      sum = {.absolute = absolute, .square = square};
    });

    const double weight = options_.mel / static_cast<double>(resolutions_.size());
    std::vector<Distance> totals(resolutions_.size());
    for (size_t i = 0; i < tasks_.size(); ++i) {
      Distance& total = totals[static_cast<size_t>(tasks_[i].resolution)];
      total.absolute += sums_[i].absolute;
      total.square += sums_[i].square;
    }
    double loss = 0;
    std::vector<Distance> slopes(resolutions_.size());  // of the loss, in |d| and in d^2/2
    for (size_t r = 0; r < resolutions_.size(); ++r) {
      const auto count = static_cast<double>(resolutions_[r].frames() * resolutions_[r].mels());
      const double root = std::sqrt(totals[r].square / count);
      loss += weight * (totals[r].absolute / count + root);
      slopes[r] = {.absolute = weight / count,
                   .square = root > 0.0 ? weight / (count * root) : 0.0};
    }

    forEachTask([&](const Task& task, Distance&) {
      T* const d = distance(task);
      const auto absolute = static_cast<T>(slopes[static_cast<size_t>(task.resolution)].absolute);
      const auto square = static_cast<T>(slopes[static_cast<size_t>(task.resolution)].square);
#pragma omp simd
      for (int64_t i = 0; i < melCount(task); ++i) {
        const T sign = static_cast<T>(d[i] > T(0)) - static_cast<T>(d[i] < T(0));
        d[i] = sign * absolute + d[i] * square;
      }
      resolution(task).backward(task.chunk, d);
    });
    parallelFor(0, samples(), kGrain, [&](int64_t first, int64_t end) {
      for (const MelResolution<T>& each : resolutions_) each.overlapAdd(first, end, gradient);
    });
    for (const MelResolution<T>& each : resolutions_) each.addMargins(gradient);
    return loss;
  }

  ReconstructionLossOptions options_;
  std::vector<MelResolution<T>> resolutions_;
  std::vector<at::Tensor> targets_;    // by resolution, [clips, …]: chunk by chunk, [mels, frames]
  std::vector<at::Tensor> distances_;  // likewise, of the clip at work
  std::vector<Task> tasks_;
  std::vector<Distance> sums_;  // of the tasks
};

}  // namespace

std::unique_ptr<TargetLoss> makeTargetLoss(const ReconstructionLossOptions& options,
                                           const at::Tensor& target) {
  std::unique_ptr<TargetLoss> made;
  AT_DISPATCH_FLOATING_TYPES(target.scalar_type(), "targetLoss", [&] {
    made = std::make_unique<CpuTargetLoss<scalar_t>>(options, target);
  });
  return made;
}

}  // namespace fewsound::cpu
