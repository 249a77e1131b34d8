#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "native/train/fit_objective.h"
#include "native/train/recorded_steps.h"
#include "native/train/sample_blocks.h"
#include "native/train/trainer.h"

namespace fewsound {

struct EarlyStop {
  std::optional<double> siSnr = std::nullopt;      // stop when reached, dB
  std::optional<double> loss = std::nullopt;       // stop when not above
  std::optional<int64_t> patience = std::nullopt;  // stop after so many steps without a better loss
  double minDelta = 0.0;
};

struct FitterOptions {
  int64_t steps = 1000;
  double share = 1.0;       // of the samples, that a step learns from
  double shareUntil = 1.0;  // part of the steps that this holds for
  AdamWOptions optimizer;
  ScheduleOptions schedule;
  ReconstructionLossOptions loss;
  EarlyStop earlyStop;
  std::optional<int> threads = std::nullopt;
  double progressInterval = 0.05;  // seconds between two reports
  bool estimates = false;          // whether these have the reconstructions
};

void fields(OptionVisitor& visit, EarlyStop& options);
void fields(OptionVisitor& visit, FitterOptions& options);

struct FitProgress {
  int64_t step;                // updates done
  std::vector<double> losses;  // of each clip before the last update
  // Of each clip in the same forward pass, dB; none where undefined (silence).
  std::vector<std::optional<double>> siSnr;
  // Whether the estimate of each clip there is constant and the clip is not.
  std::vector<bool> constant;
  at::Tensor estimates;  // [clips, samples] there, float32 on the CPU; undefined unless asked for
  double seconds;        // in this call of run
};

/// A loss that is no finite number, before any update is made with it.
class DivergedError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class StopReason : uint8_t { kSteps, kSiSnr, kLoss, kPatience, kAborted };

/// The compiled optimisation loop: every sample every step, unless a share is asked for; one
/// network for each clip, all in one pass. Not thread safe; the networks must not be used elsewhere
/// while `run` runs.
class Fitter final : public Trainer {
 public:
  using ProgressCallback = std::function<void(const FitProgress&)>;

  /// targets [clips, samples], peak-normalized, one for each network; moved to the networks' dtype
  /// and device. Stopping early is for a single clip.
  Fitter(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
         const FitterOptions& options);

  /// Steps until `untilStep` updates are done in all (at most options.steps), an early stop, or the
  /// abort flag. Throws DivergedError.
  StopReason run(int64_t untilStep, const std::atomic<bool>& abort,
                 const ProgressCallback& onProgress);

  int64_t clips() const { return fit_->clips(); }
  /// Loss before each update so far, [steps, clips].
  const std::vector<double>& losses() const { return losses_; }
  /// Threads that the last run used.
  int threads() const { return threads_; }
  /// Whether the steps are replays of recorded device work.
  bool recorded() const { return recorded_ != nullptr; }

  /// With the losses, the counters of early stops and, where the next step learns from a share, the
  /// estimates of the steps before.
  NamedTensors state() const override;
  /// Sets the number of updates as well. A state from before there were estimates in it has the
  /// first step make them anew.
  void loadState(const NamedTensors& state) override;

 private:
  Fitter(const std::shared_ptr<FitObjective>& objective, const FitterOptions& options);

  /// Takes at least one step and at most `most`; the losses before each go to the end of `losses_`.
  void takeSteps(int64_t most);
  /// Records the step where the device can; a step that cannot be recorded is taken as it is.
  void recordSteps();
  /// `run`, once the networks' parameters are there.
  StopReason runLoaned(int64_t end, const std::atomic<bool>& abort,
                       const ProgressCallback& onProgress);
  /// How much of the fit lies before a step, 0 to 1.
  double partAt(int64_t step) const;
  /// Whether a step learns from a share of the samples.
  bool takesShare(int64_t step) const;
  /// Whether the loss of a step has other weights than that of the step before.
  bool changesWeights(int64_t step) const;
  /// The gradients of the next step, and its losses on the CPU, [1, clips].
  at::Tensor nextGradients();
  /// Whether to stop after the step just taken, and why; kSteps: not early.
  StopReason earlyStop();

  std::vector<int64_t> lossesShape(int64_t steps) const;

  std::shared_ptr<FitObjective> fit_;
  FitterOptions options_;
  SampleBlocks blocks_;
  std::unique_ptr<RecordedSteps> recorded_;
  bool triedRecording_ = false;
  std::vector<double> losses_;
  double bestLoss_;
  int64_t bestStep_ = 0;
  int threads_ = 0;
};

}  // namespace fewsound
