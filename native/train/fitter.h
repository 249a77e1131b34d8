#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/loss/reconstruction_loss.h"
#include "native/nn/inr.h"
#include "native/train/adamw.h"
#include "native/train/schedule.h"

namespace fewsound {

struct EarlyStop {
  std::optional<double> siSnr = std::nullopt;  // stop when reached, dB
  std::optional<double> loss = std::nullopt;   // stop when not above
  // Above 0: stop after so many steps without an improvement of minDelta.
  int64_t patience = 0;
  double minDelta = 0.0;
};

struct FitterOptions {
  int64_t steps = 1000;
  AdamWOptions optimizer;
  ScheduleOptions schedule;
  ReconstructionLossOptions loss;
  EarlyStop earlyStop;
  int threads = 0;                 // 0: LibTorch's default
  double progressInterval = 0.05;  // seconds between two reports
};

struct FitProgress {
  int64_t step;                 // updates done
  double loss;                  // before the last update
  std::optional<double> siSnr;  // of the same forward pass; none where undefined (silence)
  double seconds;               // in this call of run
};

enum class StopReason : uint8_t { kSteps, kSiSnr, kLoss, kPatience, kAborted };

/// The compiled optimisation loop: full batch, every sample every step. Not thread safe; the
/// network must not be used elsewhere while `run` runs.
class Fitter {
 public:
  using ProgressCallback = std::function<void(const FitProgress&)>;

  /// target [samples], peak-normalised; moved to the network's dtype and device.
  Fitter(std::shared_ptr<Inr> network, const at::Tensor& target, FitterOptions options);

  /// Steps until `untilStep` updates are done in all (at most options.steps), an early stop, or the
  /// abort flag.
  StopReason run(int64_t untilStep, const std::atomic<bool>& abort,
                 const ProgressCallback& onProgress);

  int64_t step() const { return step_; }
  /// Loss before each update so far.
  const std::vector<double>& losses() const { return losses_; }
  /// Threads that the last run used.
  int threads() const { return threads_; }

  /// Everything beside the network's parameters that an exact continuation needs, by name, on the
  /// CPU: moments, losses, counters. A fitter that loads it goes on bit for bit.
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  void loadState(const std::vector<std::pair<std::string, at::Tensor>>& state);

 private:
  std::shared_ptr<Inr> network_;
  at::Tensor target_;    // [1, samples]
  at::Tensor features_;  // encoded time axis, or the axis itself where the encoding learns
  FitterOptions options_;
  ReconstructionLoss loss_;
  AdamW optimizer_;
  std::vector<double> losses_;
  int64_t step_ = 0;
  double bestLoss_;
  int64_t bestStep_ = 0;
  int threads_ = 0;
};

}  // namespace fewsound
