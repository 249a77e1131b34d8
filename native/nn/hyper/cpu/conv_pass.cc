#include "native/nn/hyper/cpu/conv_pass.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "native/parallel_for.h"

namespace fewsound::cpu {
namespace {

constexpr double kEpsilon = 1e-5;  // of layer norm

/// Numbers that are worth a thread of their own.
constexpr int64_t kGrain = 16'384;

int64_t rowsOf(int64_t time) { return std::max<int64_t>(1, kGrain / time); }

/// So many vectors of time of which each costs rows · taps multiply-adds of vectors.
int64_t vectorsOf(int64_t rows, int64_t taps) {
  return std::max<int64_t>(3, kGrain / (rows * taps));
}

template <typename T>
StageRow<T> rowOf(const PlannedStage<T>& stage, const T* kept, int64_t channel) {
  const bool norm = stage.gain != nullptr;
  return {.count = stage.time,
          .y = kept + stage.outputAt + channel * stage.pitch,
          .mean = norm ? kept[stage.momentsAt] : T(0),
          .scale = norm ? kept[stage.momentsAt + 1] : T(1),
          .gain = norm ? stage.gain + channel * stage.time : nullptr,
          .shift = norm ? stage.shift + channel * stage.time : nullptr,
          .activated = stage.activated};
}

}  // namespace

template <typename T>
ConvPass<T>::ConvPass(const ConvPlan<T>& plan, const at::TensorOptions& options, bool goesBack)
    : plan_(plan), memory_(at::empty({goesBack ? 4 : 1, plan.bufferSize}, options)) {
  unitInput_ = memory_.mutable_data_ptr<T>();
  if (!goesBack) return;
  for (int64_t i = 0; i < 3; ++i) buffers_[i] = unitInput_ + (i + 1) * plan.bufferSize;
}

template <typename T>
const T* ConvPass<T>::inputOf(size_t s, const T* kept) const {
  const Stage& stage = plan_.stages[s];
  return stage.residual ? unitInput_ : kept + stage.inputAt;
}

/// Puts a channel's numbers where a stage's input has them, with zeros around them.
template <typename T>
void ConvPass<T>::storeInput(const Stage& stage, int64_t channel, const T* from, T* input) const {
  for (int64_t phase = 0; phase < stage.stride; ++phase) {
    T* const row = input + (channel * stage.stride + phase) * stage.pitch;
    std::fill(row, row + stage.past, T(0));
    std::fill(row + stage.past + stage.time, row + stage.pitch, T(0));
    T* const to = row + stage.past;
    const int64_t late = stage.stride - 1 - phase;  // numbers before a stride's last one
    if (late > 0) to[0] = T(0);
    for (int64_t t = late > 0 ? 1 : 0; t < stage.time; ++t) to[t] = from[t * stage.stride - late];
  }
}

/// What stage s makes, into the next one's input, or into y where there is none.
template <typename T>
void ConvPass<T>::activateInto(size_t s, const T* kept, T* nextInput, T* y) const {
  const Stage& stage = plan_.stages[s];
  const bool isLast = s + 1 == plan_.stages.size();
  const T* const unit = stage.residual ? inputOf(s - 1, kept) : nullptr;
  parallelFor(0, stage.out, rowsOf(stage.time), [&](int64_t first, int64_t end) {
    std::vector<T> strided(!isLast && plan_.stages[s + 1].stride > 1 ? stage.time : 0);
    for (int64_t c = first; c < end; ++c) {
      const StageRow<T> row = rowOf(stage, kept, c);
      const T* const added = unit == nullptr
                                 ? nullptr
                                 : unit + c * plan_.stages[s - 1].pitch + plan_.stages[s - 1].past;
      if (isLast) {
        plan_.kernel.activate(row, added, y + c * stage.time);
        continue;
      }
      const Stage& next = plan_.stages[s + 1];
      if (next.stride > 1) {
        plan_.kernel.activate(row, added, strided.data());
        storeInput(next, c, strided.data(), nextInput);
        continue;
      }
      T* const to = nextInput + c * next.pitch;
      std::fill(to, to + next.past, T(0));
      plan_.kernel.activate(row, added, to + next.past);
      std::fill(to + next.past + next.time, to + next.pitch, T(0));
    }
  });
}

/// The convolution of stage s, and the moments of what it gives.
template <typename T>
void ConvPass<T>::convolve(size_t s, T* kept) const {
  const Stage& stage = plan_.stages[s];
  const Correlation<T> correlation{.rows = stage.out,
                                   .taps = stage.channels * stage.stride * stage.taps,
                                   .weights = stage.forwardWeights.template const_data_ptr<T>(),
                                   .offsets = stage.forwardOffsets.data(),
                                   .bias = stage.bias,
                                   .x = inputOf(s, kept),
                                   .y = kept + stage.outputAt,
                                   .pitch = stage.pitch};
  parallelFor(0, stage.vectors, vectorsOf(correlation.rows, correlation.taps),
              [&](int64_t first, int64_t end) { plan_.kernel.correlate(correlation, first, end); });
  if (stage.gain == nullptr) return;

  std::vector<double> means(stage.out);
  std::vector<double> squares(stage.out);
  parallelFor(0, stage.out, rowsOf(stage.time), [&](int64_t first, int64_t end) {
    for (int64_t c = first; c < end; ++c) {
      plan_.kernel.moments(stage.time, correlation.y + c * stage.pitch, &means[c], &squares[c]);
    }
  });
  const auto rows = static_cast<double>(stage.out);
  const auto time = static_cast<double>(stage.time);
  double mean = 0.0;
  for (const double own : means) mean += own / rows;
  double spread = 0.0;
  for (int64_t c = 0; c < stage.out; ++c) {
    spread += squares[c] + time * (means[c] - mean) * (means[c] - mean);
  }
  kept[stage.momentsAt] = static_cast<T>(mean);
  kept[stage.momentsAt + 1] = static_cast<T>(1.0 / std::sqrt(spread / (rows * time) + kEpsilon));
}

template <typename T>
void ConvPass<T>::forward(const T* x, T* kept, T* y) const {
  const Stage& first = plan_.stages.front();
  for (int64_t c = 0; c < first.channels; ++c) {
    storeInput(first, c, x + c * first.channelTime, kept + first.inputAt);
  }
  for (size_t s = 0; s < plan_.stages.size(); ++s) {
    convolve(s, kept);
    const bool isLast = s + 1 == plan_.stages.size();
    T* const next = isLast                         ? nullptr
                    : plan_.stages[s + 1].residual ? unitInput_
                                                   : kept + plan_.stages[s + 1].inputAt;
    activateInto(s, kept, next, y);
  }
}

/// The gradient of what stage s made becomes that of what its convolution gave, with zeros behind.
template <typename T>
void ConvPass<T>::pullBack(size_t s, const T* kept, const T* gradient, T* to,
                           const StageSums<T>& sums) const {
  const Stage& stage = plan_.stages[s];
  std::vector<double> rowSums(2 * stage.out);
  parallelFor(0, stage.out, rowsOf(stage.time), [&](int64_t first, int64_t end) {
    for (int64_t c = first; c < end; ++c) {
      const bool norm = sums.gain != nullptr;
      plan_.kernel.pullBack(rowOf(stage, kept, c), gradient + c * stage.pitch, to + c * stage.pitch,
                            norm ? sums.gain + c * stage.time : nullptr,
                            norm ? sums.shift + c * stage.time : nullptr, &rowSums[2 * c]);
    }
  });
  double sum = 0.0;
  double product = 0.0;
  for (int64_t c = 0; c < stage.out; ++c) {
    sum += rowSums[2 * c];
    product += rowSums[2 * c + 1];
  }
  const auto count = static_cast<double>(stage.out * stage.time);
  parallelFor(0, stage.out, rowsOf(stage.time), [&](int64_t first, int64_t end) {
    for (int64_t c = first; c < end; ++c) {
      T* const row = to + c * stage.pitch;
      sums.bias[c] += static_cast<T>(
          plan_.kernel.pullBackNorm(rowOf(stage, kept, c), static_cast<T>(sum / count),
                                    static_cast<T>(product / count), row));
      std::fill(row + stage.time, row + stage.pitch, T(0));
    }
  });
}

template <typename T>
void ConvPass<T>::addWeightSums(size_t s, const T* kept, const T* gradient, T* sums) const {
  const Stage& stage = plan_.stages[s];
  const int64_t taps = stage.channels * stage.stride * stage.taps;
  const T* const input = inputOf(s, kept);
  parallelFor(0, stage.out, std::max<int64_t>(4, kGrain / (taps * stage.vectors)),
              [&](int64_t first, int64_t end) {
                plan_.kernel.addTapSums(end - first, taps, stage.forwardOffsets.data(),
                                        gradient + first * stage.pitch, stage.pitch, input,
                                        stage.vectors, sums + first * taps);
              });
}

/// From the gradient of what a convolution gave that of what it got: rows of channels, `pitch`
/// apart. `strided` holds a signal where the stage has a stride.
template <typename T>
void ConvPass<T>::correlateBack(const Stage& stage, const T* gradient, bool add, T* to,
                                int64_t pitch, T* strided) const {
  const bool direct = stage.stride == 1;
  const Correlation<T> correlation{.rows = stage.in,
                                   .taps = stage.out * stage.taps,
                                   .weights = stage.backwardWeights.template const_data_ptr<T>(),
                                   .offsets = stage.backwardOffsets.data(),
                                   .bias = nullptr,
                                   .x = gradient,
                                   .y = direct ? to : strided,
                                   .pitch = direct ? pitch : stage.pitch,
                                   .add = add};
  parallelFor(0, stage.vectors, vectorsOf(correlation.rows, correlation.taps),
              [&](int64_t first, int64_t end) { plan_.kernel.correlate(correlation, first, end); });
  if (direct) return;
  for (int64_t c = 0; c < stage.channels; ++c) {
    T* const row = to + c * pitch;
    std::fill(row, row + stage.channelTime, T(0));
    for (int64_t phase = 0; phase < stage.stride; ++phase) {
      const T* const from = strided + (c * stage.stride + phase) * stage.pitch;
      const int64_t late = stage.stride - 1 - phase;
      for (int64_t t = late > 0 ? 1 : 0; t < stage.time; ++t) {
        row[t * stage.stride - late] = from[t];
      }
    }
  }
}

/// Of the rows of a gradient of what stage s got.
template <typename T>
int64_t ConvPass<T>::pitchBefore(size_t s) const {
  const Stage& stage = plan_.stages[s];
  if (s > 0) return plan_.stages[s - 1].pitch;
  return stage.stride == 1 ? stage.pitch : stage.channelTime;
}

template <typename T>
void ConvPass<T>::backward(const T* kept, const T* gradient, const std::vector<StageSums<T>>& sums,
                           T* xGradient) const {
  const Stage& last = plan_.stages.back();
  // The gradient of what a stage made; what else is in use; that of a residual unit's input.
  auto [now, spare, unit] = buffers_;
  bool inUnit = false;
  for (int64_t c = 0; c < last.out; ++c) {
    std::copy_n(gradient + c * last.time, last.time, now + c * last.pitch);
  }
  for (size_t s = plan_.stages.size(); s-- > 0;) {
    const Stage& stage = plan_.stages[s];
    if (stage.residual) {
      // What was added gets the gradient as it is, and more from the unit's first stage.
      std::swap(now, unit);
      activateInto(s - 1, kept, unitInput_, nullptr);
      pullBack(s, kept, unit, now, sums[s]);
    } else {
      pullBack(s, kept, now, now, sums[s]);
    }
    addWeightSums(s, kept, now, sums[s].weight);
    if (s == 0 && xGradient == nullptr) return;
    const int64_t pitch = pitchBefore(s);
    if (inUnit) {
      correlateBack(stage, now, /*add=*/true, unit, pitch, nullptr);
      std::swap(now, unit);
    } else {
      correlateBack(stage, now, /*add=*/false, spare, pitch, unit);
      std::swap(now, spare);
    }
    inUnit = stage.residual;
  }
  const Stage& first = plan_.stages.front();
  for (int64_t c = 0; c < first.channels; ++c) {
    std::copy_n(now + c * pitchBefore(0), first.channelTime, xGradient + c * first.channelTime);
  }
}

template class ConvPass<float>;
template class ConvPass<double>;

}  // namespace fewsound::cpu
