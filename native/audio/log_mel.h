#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound {

/// The log-mel spectrogram of OpenAI's Whisper (Radford et al. 2022): power of frames of 400
/// samples, 160 apart, at 16 kHz, in Slaney's mel bands; log10 of it, no lower than 8 below the
/// recording's largest, then (value + 4) / 4.
namespace whisper {

inline constexpr int64_t kSampleRate = 16'000;
inline constexpr int64_t kFftSize = 400;
inline constexpr int64_t kHop = 160;
inline constexpr int64_t kMostFrames = 3000;  // 30 s

/// Of recordings [batch, samples], at least 201, that silence follows, the first `frames` of the
/// spectrogram that 30 s would have: [batch, mels, frames]. window [400], filterbank [mels, 201].
/// Frames of silence alone are not computed.
at::Tensor logMel(const at::Tensor& audio, const at::Tensor& window, const at::Tensor& filterbank,
                  int64_t frames);

}  // namespace whisper
}  // namespace fewsound
