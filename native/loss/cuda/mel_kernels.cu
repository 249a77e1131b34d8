// The multi-resolution mel loss and its gradient. All sums are taken in a fixed order: the same
// input gives the same bits.

#include <cuda_runtime.h>
#include <math.h>

#include <algorithm>

#include "native/cuda/device.h"
#include "native/cuda/launch.cuh"
#include "native/cuda/shared_memory.cuh"
#include "native/loss/cuda/mel_launch.h"

namespace fewsound::cuda {
namespace {

constexpr int kOverlapThreads = 256;

/// Where a block's frame is.
struct FramePlace {
  int resolution;
  int64_t frame;  // of its resolution
};

template <typename T>
__device__ FramePlace placeOf(const MelLossJob<T>& job, int64_t frame) {
  int r = 0;
  while (frame >= job.resolution[r].frames) frame -= job.resolution[r++].frames;
  return {r, frame};
}

/// The sum of all threads' values, for all threads. `scratch` has a number for each.
template <int kThreads>
__device__ double sumOfBlock(double value, double* scratch) {
  const unsigned thread = threadIdx.x;
  __syncthreads();
  scratch[thread] = value;
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) scratch[thread] += scratch[thread + half];
  }
  __syncthreads();
  return scratch[0];
}

/// Row `row` of a band matrix times a vector.
template <typename T>
__device__ T timesRow(const BandMatrix<T>& matrix, int row, const T* vector) {
  const int start = matrix.start[row];
  const int count = matrix.start[row + 1] - start;
  const T* const from = vector + matrix.first[row];
  T sum = T(0);
  for (int e = 0; e < count; ++e) sum = fma(matrix.weights[start + e], from[e], sum);
  return sum;
}

/// Blocks are [frames of all resolutions, clips].
template <typename T>
__global__ void __launch_bounds__(kMelThreads) framesKernel(const MelLossJob<T> job) {
  const FramePlace place = placeOf(job, blockIdx.x);
  const MelResolutionJob<T>& at = job.resolution[place.resolution];
  const T* const signal = job.estimate + blockIdx.y * job.samples;
  T* const to = at.framed + (blockIdx.y * at.frames + place.frame) * at.size;
  const int64_t first = place.frame * at.hop - at.size / 2;
  for (int k = static_cast<int>(threadIdx.x); k < at.size; k += kMelThreads) {
    int64_t sample = first + k;
    if (sample < 0) sample = -sample;
    if (sample >= job.samples) sample = 2 * (job.samples - 1) - sample;
    to[k] = signal[sample] * at.window[k];
  }
}

/// Blocks are [frames of all resolutions, clips].
template <typename T>
__global__ void __launch_bounds__(kMelThreads) melDistanceKernel(const MelLossJob<T> job) {
  const FramePlace place = placeOf(job, blockIdx.x);
  const MelResolutionJob<T>& at = job.resolution[place.resolution];
  const int64_t row = blockIdx.y * at.frames + place.frame;
  const Complex<T>* const spectrum = at.spectrum + row * at.bins;
  SharedMemory memory;
  T* const magnitude = memory.take<T>(at.bins);
  double* const scratch = memory.take<double>(kMelThreads);
  for (int bin = static_cast<int>(threadIdx.x); bin < at.bins; bin += kMelThreads) {
    const Complex<T> x = spectrum[bin];
    const T power = fma(x.imaginary, x.imaginary, x.real * x.real);
    // Not fmax: a NaN goes on.
    magnitude[bin] = sqrt(power < job.leastPower ? job.leastPower : power);
  }
  __syncthreads();
  double absolute = 0.0;
  double square = 0.0;
  for (int mel = static_cast<int>(threadIdx.x); mel < job.mels; mel += kMelThreads) {
    const int64_t e = row * job.mels + mel;
    const T d = timesRow(at.bands, mel, magnitude) - at.target[e];
    at.distance[e] = d;
    const double wide = static_cast<double>(d);
    absolute += fabs(wide);
    square += wide * wide;
  }
  absolute = sumOfBlock<kMelThreads>(absolute, scratch);
  square = sumOfBlock<kMelThreads>(square, scratch);
  if (threadIdx.x == 0) {
    double* const sums = job.melSums + 2 * (blockIdx.y * job.allFrames() + blockIdx.x);
    sums[0] = absolute;
    sums[1] = square;
  }
}

/// Blocks are [chunks of samples, clips].
template <typename T>
__global__ void __launch_bounds__(kSumThreads) timeDistanceKernel(const MelLossJob<T> job) {
  SharedMemory memory;
  double* const scratch = memory.take<double>(kSumThreads);
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * kTimeChunk;
  const int64_t end = min(begin + kTimeChunk, job.samples);
  const int64_t clip = blockIdx.y * job.samples;
  double sum = 0.0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kSumThreads) {
    sum += fabs(static_cast<double>(job.estimate[clip + i] - job.target[clip + i]));
  }
  sum = sumOfBlock<kSumThreads>(sum, scratch);
  if (threadIdx.x == 0) job.timeSums[blockIdx.y * job.timeChunks() + blockIdx.x] = sum;
}

/// Blocks are clips.
template <typename T>
__global__ void __launch_bounds__(kSumThreads) lossesKernel(const MelLossJob<T> job) {
  SharedMemory memory;
  double* const scratch = memory.take<double>(kSumThreads);
  const int64_t clip = blockIdx.x;
  double sum = 0.0;
  for (int64_t c = threadIdx.x; c < job.timeChunks(); c += kSumThreads) {
    sum += job.timeSums[clip * job.timeChunks() + c];
  }
  double loss =
      job.timeWeight / static_cast<double>(job.samples) * sumOfBlock<kSumThreads>(sum, scratch);
  const double* sums = job.melSums + 2 * clip * job.allFrames();
  for (int r = 0; r < job.resolutions; ++r) {
    const int64_t frames = job.resolution[r].frames;
    double absolute = 0.0;
    double square = 0.0;
    for (int64_t f = threadIdx.x; f < frames; f += kSumThreads) {
      absolute += sums[2 * f];
      square += sums[2 * f + 1];
    }
    absolute = sumOfBlock<kSumThreads>(absolute, scratch);
    square = sumOfBlock<kSumThreads>(square, scratch);
    sums += 2 * frames;
    const double count = static_cast<double>(frames) * job.mels;
    const double root = sqrt(square / count);
    loss += job.melWeight * (absolute / count + root);
    if (threadIdx.x == 0) {
      job.slopes[clip * job.resolutions + r] = {job.melWeight / count,
                                                root > 0.0 ? job.melWeight / (count * root) : 0.0};
    }
  }
  if (threadIdx.x == 0) job.losses[clip] = loss;
}

/// Blocks are [frames of all resolutions, clips].
template <typename T>
__global__ void __launch_bounds__(kMelThreads) melGradientKernel(const MelLossJob<T> job) {
  const FramePlace place = placeOf(job, blockIdx.x);
  const MelResolutionJob<T>& at = job.resolution[place.resolution];
  const int64_t row = blockIdx.y * at.frames + place.frame;
  Complex<T>* const spectrum = at.spectrum + row * at.bins;
  const MelSlopes slopes = job.slopes[blockIdx.y * job.resolutions + place.resolution];
  const T absolute = static_cast<T>(slopes.absolute);
  const T square = static_cast<T>(slopes.square);
  SharedMemory memory;
  T* const melGradient = memory.take<T>(job.mels);
  for (int mel = static_cast<int>(threadIdx.x); mel < job.mels; mel += kMelThreads) {
    const T d = at.distance[row * job.mels + mel];
    const T sign = static_cast<T>(d > T(0)) - static_cast<T>(d < T(0));
    melGradient[mel] = fma(d, square, sign * absolute);
  }
  __syncthreads();
  for (int bin = static_cast<int>(threadIdx.x); bin < at.bins; bin += kMelThreads) {
    const Complex<T> x = spectrum[bin];
    const T power = fma(x.imaginary, x.imaginary, x.real * x.real);
    T factor = timesRow(at.transposed, bin, melGradient) / sqrt(power);
    if (bin > 0 && bin + 1 < at.bins) factor *= T(0.5);
    // Below the floor the magnitude does not move with the spectrum.
    const bool still = power < job.leastPower;
    spectrum[bin] =
        still ? Complex<T>{T(0), T(0)} : Complex<T>{factor * x.real, factor * x.imaginary};
  }
}

/// What the frames of a resolution say about position `p` of the padded signal.
template <typename T>
__device__ T gradientAt(const MelResolutionJob<T>& at, int64_t clip, int64_t p) {
  const int64_t last = min(p / at.hop, at.frames - 1);
  const int64_t before = p - at.size;  // frames that begin here or earlier have ended
  T sum = T(0);
  for (int64_t f = before < 0 ? 0 : before / at.hop + 1; f <= last; ++f) {
    const int64_t k = p - f * at.hop;
    sum = fma(at.framed[(clip * at.frames + f) * at.size + k], at.window[k], sum);
  }
  return sum;
}

/// Blocks are [chunks of samples, clips]. Every sample gathers what the frames have for it.
template <typename T>
__global__ void __launch_bounds__(kOverlapThreads) overlapAddKernel(const MelLossJob<T> job) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kOverlapThreads + threadIdx.x;
  if (i >= job.samples) return;
  const int64_t clip = blockIdx.y;
  const T difference = job.estimate[clip * job.samples + i] - job.target[clip * job.samples + i];
  const T weight = static_cast<T>(job.timeWeight / static_cast<double>(job.samples));
  // Not a sign that ends at 0: a NaN goes on into the gradient.
  T sum = difference == T(0) ? T(0) : copysign(weight, difference);
  for (int r = 0; r < job.resolutions; ++r) {
    const MelResolutionJob<T>& at = job.resolution[r];
    const int64_t half = at.size / 2;
    sum += gradientAt(at, clip, half + i);
    // Samples near the ends stand in the margins too, reflected.
    if (i >= 1 && i <= half) sum += gradientAt(at, clip, half - i);
    const int64_t fromEnd = job.samples - 1 - i;
    if (fromEnd >= 1 && fromEnd <= half) sum += gradientAt(at, clip, half + i + 2 * fromEnd);
  }
  job.gradient[clip * job.samples + i] = sum;
}

template <typename T>
int64_t distanceSharedBytes(int bins) {
  return sharedBytes<T>(bins) + sharedBytes<double>(kMelThreads);
}

template <typename T>
int mostBins(const MelLossJob<T>& job) {
  int most = 0;
  for (int r = 0; r < job.resolutions; ++r) most = std::max(most, job.resolution[r].bins);
  return most;
}

template <typename T>
dim3 frameBlocks(const MelLossJob<T>& job) {
  return {static_cast<unsigned>(job.allFrames()), static_cast<unsigned>(job.clips)};
}

}  // namespace

template <typename T>
bool binsFit(int bins, int mels) {
  return std::max(distanceSharedBytes<T>(bins), sharedBytes<T>(mels)) <= sharedMemoryLimit();
}

template <typename T>
const char* launchFrames(const MelLossJob<T>& job, void* stream) {
  return launch(framesKernel<T>, {frameBlocks(job), kMelThreads}, stream, job);
}

template <typename T>
const char* launchMelDistance(const MelLossJob<T>& job, void* stream) {
  if (job.resolutions > 0) {
    const auto bytes = static_cast<size_t>(distanceSharedBytes<T>(mostBins(job)));
    const char* error =
        launch(melDistanceKernel<T>, {frameBlocks(job), kMelThreads, bytes}, stream, job);
    if (error != nullptr) return error;
  }
  const dim3 chunks(static_cast<unsigned>(job.timeChunks()), static_cast<unsigned>(job.clips));
  return launch(timeDistanceKernel<T>,
                {chunks, kSumThreads, static_cast<size_t>(sharedBytes<double>(kSumThreads))},
                stream, job);
}

template <typename T>
const char* launchMelGradient(const MelLossJob<T>& job, void* stream) {
  const char* error = launch(lossesKernel<T>,
                             {dim3(static_cast<unsigned>(job.clips)), kSumThreads,
                              static_cast<size_t>(sharedBytes<double>(kSumThreads))},
                             stream, job);
  if (error != nullptr || job.resolutions == 0) return error;
  const auto bytes = static_cast<size_t>(sharedBytes<T>(job.mels));
  return launch(melGradientKernel<T>, {frameBlocks(job), kMelThreads, bytes}, stream, job);
}

template <typename T>
const char* launchOverlapAdd(const MelLossJob<T>& job, void* stream) {
  const dim3 blocks(static_cast<unsigned>((job.samples + kOverlapThreads - 1) / kOverlapThreads),
                    static_cast<unsigned>(job.clips));
  return launch(overlapAddKernel<T>, {blocks, kOverlapThreads}, stream, job);
}

template bool binsFit<float>(int, int);
template bool binsFit<double>(int, int);
template const char* launchFrames(const MelLossJob<float>&, void*);
template const char* launchFrames(const MelLossJob<double>&, void*);
template const char* launchMelDistance(const MelLossJob<float>&, void*);
template const char* launchMelDistance(const MelLossJob<double>&, void*);
template const char* launchMelGradient(const MelLossJob<float>&, void*);
template const char* launchMelGradient(const MelLossJob<double>&, void*);
template const char* launchOverlapAdd(const MelLossJob<float>&, void*);
template const char* launchOverlapAdd(const MelLossJob<double>&, void*);

}  // namespace fewsound::cuda
