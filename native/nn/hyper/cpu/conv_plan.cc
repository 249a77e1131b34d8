#include "native/nn/hyper/cpu/conv_plan.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "native/cpu/round_up.h"

namespace fewsound::cpu {
namespace {

/// Numbers of a cache line.
template <typename T>
constexpr int64_t kLine = 64 / sizeof(T);

}  // namespace

template <typename T>
ConvPlan<T>::ConvPlan(const at::Tensor& x, const std::vector<ConvStage>& given, ConvUse use) {
  int64_t channels = x.size(1);
  int64_t time = x.size(2);
  int64_t mostPast = 0;
  for (const ConvStage& from : given) {
    mostPast = std::max(mostPast, from.dilation * (from.weight.size(2) / from.stride - 1));
  }
  for (const ConvStage& from : given) {
    PlannedStage<T>& stage = stages.emplace_back();
    stage.channels = channels;
    stage.channelTime = time;
    stage.stride = from.stride;
    stage.in = channels * from.stride;
    stage.out = from.weight.size(0);
    stage.taps = from.weight.size(2) / from.stride;
    stage.past = from.dilation * (stage.taps - 1);
    stage.time = (time + from.stride - 1) / from.stride;
    stage.vectors = (stage.time + kernel.lanes - 1) / kernel.lanes;
    // An odd number of cache lines, so that rows do not fall on each other.
    stage.pitch = roundUp(mostPast + stage.vectors * kernel.lanes, kLine<T>);
    if (stage.pitch / kLine<T> % 2 == 0) stage.pitch += kLine<T>;
    stage.activated = from.activated;
    stage.residual = from.residual;

    const at::Tensor weight =
        from.weight.detach().view({stage.out, channels, stage.taps, stage.stride});
    stage.forwardWeights = weight.permute({1, 2, 3, 0}).contiguous();
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t k = 0; k < stage.taps * stage.stride; ++k) {
        stage.forwardOffsets.push_back((c * stage.stride + k % stage.stride) * stage.pitch +
                                       k / stage.stride * from.dilation);
      }
    }
    if (use == ConvUse::kWayBack) {
      stage.backwardWeights = weight.permute({0, 2, 1, 3}).contiguous();
      for (int64_t o = 0; o < stage.out; ++o) {
        for (int64_t k = 0; k < stage.taps; ++k) {
          stage.backwardOffsets.push_back(o * stage.pitch + stage.past - k * from.dilation);
        }
      }
    }
    stage.bias = from.bias.template const_data_ptr<T>();
    stage.gain = from.gain.defined() ? from.gain.template const_data_ptr<T>() : nullptr;
    stage.shift = from.gain.defined() ? from.shift.template const_data_ptr<T>() : nullptr;

    bufferSize = std::max(bufferSize, std::max(stage.in, stage.out) * stage.pitch);
    channels = stage.out;
    time = stage.time;
  }
  place(use);
}

template <typename T>
void ConvPlan<T>::place(ConvUse use) {
  const auto take = [this](int64_t count) {
    const int64_t at = size;
    size += roundUp(count, kLine<T>);
    return at;
  };
  if (use == ConvUse::kResult) {
    // A residual unit's input is still there when the unit's result goes to the next stage.
    int64_t input = take(bufferSize);
    int64_t nextInput = take(bufferSize);
    const int64_t output = take(bufferSize);
    const int64_t moments = take(2);
    for (PlannedStage<T>& stage : stages) {
      if (!stage.residual) std::swap(input, nextInput);
      stage.inputAt = input;
      stage.outputAt = output;
      stage.momentsAt = moments;
    }
    return;
  }
  for (PlannedStage<T>& stage : stages) {
    stage.inputAt = stage.residual ? -1 : take(stage.in * stage.pitch);
    stage.outputAt = take(stage.out * stage.pitch);
    stage.momentsAt = take(2);
  }
}

template struct ConvPlan<float>;
template struct ConvPlan<double>;

}  // namespace fewsound::cpu
