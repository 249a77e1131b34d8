#include "native/loss/cuda/target_loss_cuda.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/fft_irfft.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/hann_window.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <vector>

#include "native/audio/mel.h"
#include "native/cuda/stream.h"
#include "native/loss/cuda/mel_launch.h"

namespace fewsound::cuda {
namespace {

/// A matrix with its rows' nonzeros side by side, on the device.
template <typename T>
class BandTensors {
 public:
  /// `matrix` is on the CPU; zeros between a row's first and last nonzero are kept.
  BandTensors(const at::Tensor& matrix, const at::Device& device) {
    const at::Tensor dense = matrix.contiguous();
    const T* const values = dense.const_data_ptr<T>();
    const int64_t columns = dense.size(1);
    std::vector<int> start{0};
    std::vector<int> first;
    std::vector<T> weights;
    for (int64_t row = 0; row < dense.size(0); ++row) {
      const T* const from = values + row * columns;
      const auto isNonzero = [](T value) { return value != T(0); };
      const T* const begin = std::find_if(from, from + columns, isNonzero);
      const T* end = from + columns;
      while (end > begin && end[-1] == T(0)) --end;
      first.push_back(begin < end ? static_cast<int>(begin - from) : 0);
      weights.insert(weights.end(), begin, end);
      start.push_back(static_cast<int>(weights.size()));
    }
    const auto moved = [&](const auto& list, at::ScalarType dtype) {
      using Element = typename std::decay_t<decltype(list)>::value_type;
      at::Tensor tensor = at::empty({static_cast<int64_t>(list.size())}, dtype);
      std::copy(list.begin(), list.end(), tensor.mutable_data_ptr<Element>());
      return tensor.to(device);
    };
    start_ = moved(start, at::kInt);
    first_ = moved(first, at::kInt);
    weights_ = moved(weights, dense.scalar_type());
  }

  BandMatrix<T> matrix() const {
    return {.start = start_.const_data_ptr<int>(),
            .first = first_.const_data_ptr<int>(),
            .weights = weights_.const_data_ptr<T>()};
  }

 private:
  at::Tensor start_;
  at::Tensor first_;
  at::Tensor weights_;
};

/// What a resolution keeps from step to step.
template <typename T>
struct Resolution {
  int64_t size;
  at::Tensor window;
  BandTensors<T> bands;
  BandTensors<T> transposed;
  at::Tensor target;    // [clips, frames, mels]
  at::Tensor distance;  // likewise
  at::Tensor framed;    // [clips, frames, size]
};

template <typename T>
class CudaTargetLoss : public TargetLoss {
 public:
  CudaTargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target)
      : TargetLoss(options, target) {
    checkOptions(options_);
    const int64_t clips = target_.size(0);
    const int64_t samples = target_.size(1);
    const auto numbers = target_.options();
    int64_t allFrames = 0;
    if (options_.mel > 0.0) {
      for (const int64_t size : options_.fftSizes) {
        checkLongEnough(samples, size);
        const at::Tensor filterbank = weightedFilterbank(options_, size, numbers.device(at::kCPU));
        const int64_t frames = samples / (size / 4) + 1;
        allFrames += frames;
        resolutions_.push_back({.size = size,
                                .window = at::hann_window(size, numbers),
                                .bands = BandTensors<T>(filterbank, target_.device()),
                                .transposed = BandTensors<T>(filterbank.t(), target_.device()),
                                .target = at::empty({clips, frames, options_.mels}, numbers),
                                .distance = at::empty({clips, frames, options_.mels}, numbers),
                                .framed = at::empty({clips, frames, size}, numbers)});
      }
    }
    const auto wide = numbers.dtype(at::kDouble);
    timeSums_ = at::empty({clips, (samples + kTimeChunk - 1) / kTimeChunk}, wide);
    melSums_ = at::empty({clips, std::max<int64_t>(allFrames, 1), 2}, wide);
    slopes_ = at::empty({clips, std::max<int64_t>(resolutions(), 1), 2}, wide);

    CudaTargetLoss::prepareTarget();
  }

 private:
  void prepareTarget() override {
    // The distance from silence is the target's own spectrogram.
    const c10::DeviceGuard guard(target_.device());
    for (Resolution<T>& each : resolutions_) each.target.zero_();
    MelLossJob<T> job = makeJob(target_);
    takeDistance(job);
    for (Resolution<T>& each : resolutions_) std::swap(each.target, each.distance);
  }

  int64_t resolutions() const { return static_cast<int64_t>(resolutions_.size()); }

  MelLossJob<T> makeJob(const at::Tensor& estimate) {
    MelLossJob<T> job{
        .clips = static_cast<int>(target_.size(0)),
        .samples = target_.size(1),
        .mels = static_cast<int>(options_.mels),
        .resolutions = static_cast<int>(resolutions()),
        .leastPower = static_cast<T>(kLeastPower),
        .timeWeight = options_.time,
        .melWeight = options_.mel / static_cast<double>(std::max<int64_t>(resolutions(), 1)),
        .estimate = estimate.const_data_ptr<T>(),
        .target = target_.const_data_ptr<T>(),
        .gradient = gradient_.mutable_data_ptr<T>(),
        .losses = losses_.mutable_data_ptr<double>(),
        .timeSums = timeSums_.mutable_data_ptr<double>(),
        .melSums = melSums_.mutable_data_ptr<double>(),
        .slopes = reinterpret_cast<MelSlopes*>(slopes_.mutable_data_ptr<double>()),
        .resolution = {},
    };
    for (size_t r = 0; r < resolutions_.size(); ++r) {
      const Resolution<T>& from = resolutions_[r];
      job.resolution[r] = {
          .size = static_cast<int>(from.size),
          .hop = static_cast<int>(from.size / 4),
          .bins = static_cast<int>(from.size / 2 + 1),
          .frames = from.framed.size(1),
          .window = from.window.template const_data_ptr<T>(),
          .framed = from.framed.template mutable_data_ptr<T>(),
          .spectrum = nullptr,
          .bands = from.bands.matrix(),
          .transposed = from.transposed.matrix(),
          .target = from.target.template mutable_data_ptr<T>(),
          .distance = from.distance.template mutable_data_ptr<T>(),
      };
    }
    return job;
  }

  /// Everything up to the sums. Returns the spectra, which the job points to.
  std::vector<at::Tensor> takeDistance(MelLossJob<T>& job) {
    void* const stream = currentStream(target_.device());
    std::vector<at::Tensor> spectra;
    if (job.resolutions > 0) checkLaunch(launchFrames(job, stream), "melFrames");
    for (size_t r = 0; r < resolutions_.size(); ++r) {
      spectra.push_back(at::fft_rfft(resolutions_[r].framed).contiguous());
      job.resolution[r].spectrum =
          reinterpret_cast<Complex<T>*>(spectra[r].template mutable_data_ptr<c10::complex<T>>());
    }
    checkLaunch(launchMelDistance(job, stream), "melDistance");
    return spectra;
  }

  void compute(const at::Tensor& estimate) override {
    const c10::DeviceGuard guard(target_.device());
    void* const stream = currentStream(target_.device());
    MelLossJob<T> job = makeJob(estimate);
    const std::vector<at::Tensor> spectra = takeDistance(job);
    checkLaunch(launchMelGradient(job, stream), "melGradient");
    std::vector<at::Tensor> framed;  // the frames' gradients
    for (size_t r = 0; r < resolutions_.size(); ++r) {
      // "forward" leaves out the division by the size.
      framed.push_back(at::fft_irfft(spectra[r], resolutions_[r].size, -1, "forward").contiguous());
      job.resolution[r].framed = framed[r].template mutable_data_ptr<T>();
    }
    checkLaunch(launchOverlapAdd(job, stream), "overlapAdd");
  }

  std::vector<Resolution<T>> resolutions_;
  at::Tensor timeSums_;
  at::Tensor melSums_;
  at::Tensor slopes_;
};

}  // namespace

bool takesTargetLoss(const ReconstructionLossOptions& options, const at::Tensor& target) {
  constexpr int64_t kMostClips = 65535;
  constexpr int64_t kMostNumbers = 16'777'216;  // far beyond what fits, and safe to count with int
  // The kernels know the two parts of the paper's loss only, at weights that stay.
  if (!options.course.empty() || options.emphasized > 0.0 || options.stft > 0.0) return false;
  if (options.fftSizes.size() > kMostResolutions || target.size(0) > kMostClips) return false;
  const c10::DeviceGuard guard(target.device());
  return std::all_of(options.fftSizes.begin(), options.fftSizes.end(), [&](int64_t size) {
    if (size > kMostNumbers || options.mels > kMostNumbers) return false;
    const auto bins = static_cast<int>(size / 2 + 1);
    const auto mels = static_cast<int>(options.mels);
    return target.scalar_type() == at::kFloat ? binsFit<float>(bins, mels)
                                              : binsFit<double>(bins, mels);
  });
}

std::unique_ptr<TargetLoss> makeTargetLoss(const ReconstructionLossOptions& options,
                                           const at::Tensor& target) {
  std::unique_ptr<TargetLoss> made;
  AT_DISPATCH_FLOATING_TYPES(target.scalar_type(), "targetLoss", [&] {
    made = std::make_unique<CudaTargetLoss<scalar_t>>(options, target);
  });
  return made;
}

}  // namespace fewsound::cuda
