#pragma once

#include <c10/core/Device.h>

namespace fewsound::cuda {

// What the host's side of a kernel needs of LibTorch, by its headers that know no device.

/// The cudaStream_t that LibTorch's operators use on a CUDA device now.
void* currentStream(c10::Device device);

/// Throws where a launch returned an error: `error` is what CUDA says, or null.
void checkLaunch(const char* error, const char* kernel);

}  // namespace fewsound::cuda
