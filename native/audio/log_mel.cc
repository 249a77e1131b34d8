#include "native/audio/log_mel.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace fewsound::whisper {
namespace {

constexpr int64_t kReach = kFftSize / 2;
constexpr int64_t kMostSamples = kMostFrames * kHop;
constexpr double kLeastPower = 1e-10;
constexpr double kSilence = -10.0;  // log10 of that
constexpr double kRange = 8.0;

}  // namespace

at::Tensor logMel(const at::Tensor& audio, const at::Tensor& window, const at::Tensor& filterbank,
                  int64_t frames) {
  const int64_t samples = audio.size(1);
  TORCH_CHECK_VALUE(samples > kReach, "the recordings have ", samples,
                    " samples at 16 kHz; expected ", kReach + 1,
                    " or more (the first frame of Whisper reflects them)");
  TORCH_CHECK_VALUE(samples <= kMostSamples, "the recordings have ", samples,
                    " samples at 16 kHz; expected at most ", kMostSamples, ", 30 s");
  TORCH_CHECK_VALUE(frames >= 1 && frames <= kMostFrames, "frames is ", frames, "; expected 1 to ",
                    kMostFrames);
  // Those that hear any of the recording.
  const int64_t heard = std::min(frames, (samples + kReach + kHop - 1) / kHop);
  // Silence up to where the last one ends; beyond 30 s is their reflection.
  const int64_t end = kHop * (heard - 1) + kReach;
  const int64_t beyond = std::max<int64_t>(0, end - kMostSamples);
  const at::Tensor filled =
      at::constant_pad_nd(audio, {0, std::max<int64_t>(0, end - beyond - samples)});
  const at::Tensor signal = at::reflection_pad1d(filled.unsqueeze(1), {kReach, beyond}).squeeze(1);
  const at::Tensor spectrum =
      at::fft_rfft(signal.unfold(1, kFftSize, kHop).narrow(1, 0, heard) * window);
  const at::Tensor power = at::view_as_real(spectrum).square().sum(-1);  // [batch, heard, 201]
  const at::Tensor bands = at::matmul(filterbank, power.transpose(1, 2));
  const at::Tensor levels =
      at::constant_pad_nd(bands.clamp_min(kLeastPower).log10(), {0, frames - heard}, kSilence);
  const at::Tensor floor = levels.amax({1, 2}, /*keepdim=*/true) - kRange;
  return (at::maximum(levels, floor) + 4.0) / 4.0;
}

}  // namespace fewsound::whisper
