#pragma once

#include <cstdint>

#include "native/loss/cuda/mel_jobs.h"

namespace fewsound::cuda {

// Launches of the mel loss, for float and double, in the order of a step; transforms come between
// them. Each returns what CUDA says is wrong, null where nothing is. `stream` is a cudaStream_t.

/// Whether a block of the current device can hold a frame's bins.
template <typename T>
bool binsFit(int bins, int mels);

/// framed = window · frames of the estimate, reflected at its ends.
template <typename T>
const char* launchFrames(const MelLossJob<T>& job, void* stream);

/// From the spectrum: distance = mel spectrogram minus target; sums over each frame of |d| and d^2,
/// and over chunks of samples of |estimate - target|.
template <typename T>
const char* launchMelDistance(const MelLossJob<T>& job, void* stream);

/// The spectrum's gradient in its place, made for an inverse transform that counts all bins twice
/// but the first and the last. Works out the losses first.
template <typename T>
const char* launchMelGradient(const MelLossJob<T>& job, void* stream);

/// The estimate's gradient, from the frames'.
template <typename T>
const char* launchOverlapAdd(const MelLossJob<T>& job, void* stream);

}  // namespace fewsound::cuda
