#pragma once

#include <cstdint>

namespace fewsound::cuda {

/// Tensors that one launch updates: as many as its parameters hold.
constexpr int kMostTensors = 64;

/// One tensor of an update, or the part of it that lies side by side.
template <typename T>
struct AdamWTensor {
  T* value;
  const T* gradient;
  T* firstMoment;
  T* secondMoment;
  int64_t count;
};

template <typename T>
struct AdamWJob {
  const double* rate;  // on the device: learning rate, beta1, number of the step from 1
  double beta2;
  double epsilon;
  double weightDecay;
  int tensors;
  AdamWTensor<T> tensor[kMostTensors];
};

/// One update of all tensors. Returns what CUDA says is wrong, null where nothing is. `stream` is a
/// cudaStream_t.
template <typename T>
const char* launchAdamW(const AdamWJob<T>& job, void* stream);

}  // namespace fewsound::cuda
