#include "native/loss/cpu/target_loss_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/hann_window.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "native/audio/mel.h"
#include "native/loss/cpu/mel_resolution.h"
#include "native/loss/cpu/stft_distance.h"
#include "native/loss/local_weights.h"
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
      : TargetLoss(options, target) {
    checkOptions(options_);
    if (options_.uses(&LossWeights::emphasized)) {
      errors_.resize(static_cast<size_t>(samples()));
    }
    if (options_.uses(&LossWeights::stft)) {
      checkLongEnough(samples(), kStftSize);
      stft_.emplace(samples(), target_.options());
      stftSums_.resize(static_cast<size_t>(stft_->framed().chunks()));
    }
    if (options_.uses(&LossWeights::mel)) makeResolutions();
    CpuTargetLoss::prepareTarget();
  }

 private:
  void makeResolutions() {
    for (const int64_t size : options_.fftSizes) {
      checkLongEnough(samples(), size);
      const at::Tensor window = at::hann_window(size, target_.options());
      resolutions_.emplace_back(window, weightedFilterbank(options_, size, target_.options()),
                                samples());
      const MelResolution<T>& made = resolutions_.back();
      const int64_t bands = made.mels() * made.framed().frames();
      distances_.push_back(at::empty({bands}, target_.options()));
      targets_.push_back(at::empty({target_.size(0), bands}, target_.options()));
      const auto index = static_cast<int64_t>(resolutions_.size()) - 1;
      for (int64_t chunk = 0; chunk < made.framed().chunks(); ++chunk) {
        tasks_.push_back({index, chunk});
      }
    }
    sums_.resize(tasks_.size());
  }

  void prepareTarget() override {
    changeWeights();
    if (stft_) stft_->setTarget(target_);
    for (int64_t clip = 0; clip < target_.size(0); ++clip) {
      const T* const signal = clipOf(target_, clip);
      forEachTask([&](const Task& task, Distance&) {
        resolution(task).forward(task.chunk, signal, targetMel(task, clip));
      });
    }
  }

  void changeWeights() override {
    if (weights_.emphasized == 0.0) return;
    const std::pair shape(weights_.preEmphasis, weights_.localPower);
    if (sampleWeights_.defined() && shape == sampleShape_ && target_.is_same(sampleTarget_)) return;
    sampleWeights_ = sampleWeights(target_, weights_.preEmphasis, weights_.localPower).contiguous();
    sampleShape_ = shape;
    sampleTarget_ = target_;
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
    return resolution(task).framed().firstFrame(task.chunk) * resolution(task).mels();
  }
  T* targetMel(const Task& task, int64_t clip) {
    return targets_[static_cast<size_t>(task.resolution)].template mutable_data_ptr<T>() +
           clip * resolution(task).framed().frames() * resolution(task).mels() + melOffset(task);
  }
  T* distance(const Task& task) {
    return distances_[static_cast<size_t>(task.resolution)].template mutable_data_ptr<T>() +
           melOffset(task);
  }
  int64_t melCount(const Task& task) {
    const MelResolution<T>& here = resolution(task);
    return (here.framed().endFrame(task.chunk) - here.framed().firstFrame(task.chunk)) *
           here.mels();
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
      if (weights_.emphasized > 0.0) loss += computeEmphasized(clip, signal, gradient);
      if (weights_.stft > 0.0) loss += computeStft(clip, signal, gradient);
      if (weights_.mel > 0.0) loss += computeMel(clip, signal, gradient);
      losses_.mutable_data_ptr<double>()[clip] = loss;
    }
  }

  /// time·mean|e - t|; writes its gradient.
  double computeTime(const T* estimate, const T* target, T* gradient) const {
    const double weight = weights_.time / static_cast<double>(samples());
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < samples(); ++i) {
      const T difference = estimate[i] - target[i];
      // Of a NaN it is the slope of either sign; its loss is NaN, and no update comes of it.
      gradient[i] = difference == T(0) ? T(0) : std::copysign(static_cast<T>(weight), difference);
      sum += std::abs(difference);
    }
    return sum * weight;
  }

  /// emphasized·mean(w·|p|), p[n] = e[n] - a·e[n-1] of the error e; adds its gradient.
  double computeEmphasized(int64_t clip, const T* estimate, T* gradient) {
    const int64_t count = samples();
    const T* const target = clipOf(target_, clip);
    const T* const weights = clipOf(sampleWeights_, clip);
    const auto a = static_cast<T>(weights_.preEmphasis);
    const auto scale = static_cast<T>(weights_.emphasized / static_cast<double>(count));
    T* const slopes = errors_.data();
    double sum = 0;
    const auto take = [&](int64_t n, T p) {
      slopes[n] = p == T(0) ? T(0) : std::copysign(scale * weights[n], p);
      sum += static_cast<double>(weights[n] * std::abs(p));
    };
    take(0, estimate[0] - target[0]);
    for (int64_t n = 1; n < count; ++n) {
      take(n, estimate[n] - target[n] - a * (estimate[n - 1] - target[n - 1]));
    }
#pragma omp simd
    for (int64_t n = 0; n < count - 1; ++n) gradient[n] += slopes[n] - a * slopes[n + 1];
    gradient[count - 1] += slopes[count - 1];
    return sum * weights_.emphasized / static_cast<double>(count);
  }

  /// stft·mean(W·|X - X'|); adds its gradient.
  double computeStft(int64_t clip, const T* signal, T* gradient) {
    FramedSpectra<T>& framed = stft_->framed();
    const double scale = weights_.stft / static_cast<double>(framed.frames() * framed.bins());
    parallelFor(0, framed.chunks(), 1, [&](int64_t first, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView guard;
      for (int64_t chunk = first; chunk < end; ++chunk) {
        stftSums_[static_cast<size_t>(chunk)] =
            stft_->compute(clip, chunk, signal, static_cast<T>(scale));
      }
    });
    parallelFor(0, samples(), kGrain,
                [&](int64_t first, int64_t end) { framed.overlapAdd(first, end, gradient); });
    framed.addMargins(gradient);
    return scale * std::accumulate(stftSums_.begin(), stftSums_.end(), 0.0);
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

    const double weight = weights_.mel / static_cast<double>(resolutions_.size());
    std::vector<Distance> totals(resolutions_.size());
    for (size_t i = 0; i < tasks_.size(); ++i) {
      Distance& total = totals[static_cast<size_t>(tasks_[i].resolution)];
      total.absolute += sums_[i].absolute;
      total.square += sums_[i].square;
    }
    double loss = 0;
    std::vector<Distance> slopes(resolutions_.size());  // of the loss, in |d| and in d^2/2
    for (size_t r = 0; r < resolutions_.size(); ++r) {
      const auto count =
          static_cast<double>(resolutions_[r].framed().frames() * resolutions_[r].mels());
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
      for (const MelResolution<T>& each : resolutions_)
        each.framed().overlapAdd(first, end, gradient);
    });
    for (const MelResolution<T>& each : resolutions_) each.framed().addMargins(gradient);
    return loss;
  }

  std::vector<T> errors_;                  // slopes of the pre-emphasized error
  at::Tensor sampleWeights_;               // [clips, samples]
  std::pair<double, double> sampleShape_;  // what they were made with
  at::Tensor sampleTarget_;
  std::optional<StftDistance<T>> stft_;
  std::vector<double> stftSums_;  // of its chunks
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
