#include <cuda_runtime.h>

#include <algorithm>

#include "native/cuda/launch.cuh"
#include "native/train/cuda/adamw_launch.h"

namespace fewsound::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr int64_t kMostBlocks = 256;  // for a tensor

/// Blocks are [parts of a tensor, tensors].
template <typename T>
__global__ void __launch_bounds__(kThreads) adamWKernel(const AdamWJob<T> job) {
  const AdamWTensor<T>& tensor = job.tensor[blockIdx.y];
  const double rate = job.rate[0];
  const double beta1 = job.rate[1];
  const double step = job.rate[2];
  const T stepSize = static_cast<T>(rate / (1.0 - pow(beta1, step)));
  const T correction = static_cast<T>(sqrt(1.0 - pow(job.beta2, step)));
  const T kept = static_cast<T>(1.0 - rate * job.weightDecay);
  const T first = static_cast<T>(1.0 - beta1);
  const T second = static_cast<T>(1.0 - job.beta2);
  const T beta2 = static_cast<T>(job.beta2);
  const T epsilon = static_cast<T>(job.epsilon);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; e < tensor.count;
       e += stride) {
    const T gradient = tensor.gradient[e];
    const T moment = fma(first, gradient - tensor.firstMoment[e], tensor.firstMoment[e]);
    const T square = fma(second * gradient, gradient, beta2 * tensor.secondMoment[e]);
    tensor.firstMoment[e] = moment;
    tensor.secondMoment[e] = square;
    tensor.value[e] =
        tensor.value[e] * kept - stepSize * moment / (sqrt(square) / correction + epsilon);
  }
}

}  // namespace

template <typename T>
const char* launchAdamW(const AdamWJob<T>& job, void* stream) {
  int64_t largest = 1;
  for (int t = 0; t < job.tensors; ++t) largest = std::max(largest, job.tensor[t].count);
  const int64_t blocks = std::min((largest + kThreads - 1) / kThreads, kMostBlocks);
  return launch(adamWKernel<T>,
                {dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(job.tensors)), kThreads},
                stream, job);
}

template const char* launchAdamW(const AdamWJob<float>&, void*);
template const char* launchAdamW(const AdamWJob<double>&, void*);

}  // namespace fewsound::cuda
