#include "native/train/fitter.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "native/metrics/constant_output.h"
#include "native/metrics/si_snr.h"
#include "native/thread_limit.h"

namespace fewsound {
namespace {

/// Takes the networks' parameters for a run and gives them back at its end, however it ends.
class BatchLoan {
 public:
  explicit BatchLoan(InrBatch& networks) : networks_(networks) { networks_.load(); }
  ~BatchLoan() {
    if (ended_) return;
    try {
      networks_.store();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // What ended the run is on its way already, and most likely the reason for this as well.
    }
  }
  BatchLoan(const BatchLoan&) = delete;
  BatchLoan& operator=(const BatchLoan&) = delete;

  void end() {
    ended_ = true;
    networks_.store();
  }

 private:
  InrBatch& networks_;
  bool ended_ = false;
};

/// Throws DivergedError where one of the losses before an update, [clips], is not finite.
void checkLosses(const double* losses, int64_t clips, int64_t step, double learningRate) {
  for (int64_t clip = 0; clip < clips; ++clip) {
    if (std::isfinite(losses[clip])) continue;
    const std::string which = clips == 1 ? "the loss" : c10::str("the loss of clip ", clip);
    const char* value = std::isnan(losses[clip]) ? "NaN" : "infinite";
    if (step == 0) {
      throw DivergedError(c10::str(which, " is ", value,
                                   " before the first step: the network's weights are not finite "
                                   "numbers, or too large"));
    }
    throw DivergedError(c10::str(which, " is ", value, " at step ", step,
                                 ": the fit has diverged; try a lower learning rate than ",
                                 learningRate));
  }
}

/// A block is a recording to the loss, which the largest frames have to fit.
int64_t blockLength(const ReconstructionLossOptions& loss) {
  int64_t length = SampleBlocks::kLength;
  if (!loss.uses(&LossWeights::mel)) return length;
  for (const int64_t size : loss.fftSizes) length = std::max(length, size);
  return length;
}

/// The entry of a state with what its steps of a share have left of each sample.
constexpr const char* kEstimates = "estimates";

bool hasEstimates(const NamedTensors& state) {
  return std::any_of(state.begin(), state.end(),
                     [](const auto& entry) { return entry.first == kEstimates; });
}

/// A copy that later steps leave alone.
at::Tensor reported(const at::Tensor& estimates) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at::kCPU);
  return at::empty(estimates.sizes(), options).copy_(estimates);
}

}  // namespace

void fields(OptionVisitor& visit, EarlyStop& options) {
  visit({.name = "siSnr",
         .meaning = "Stop when this SI-SNR is reached, dB.",
         .flag = Flag{.value = "<decibels>", .name = "stop-si-snr"}},
        options.siSnr, kFinite);
  visit({.name = "loss",
         .meaning = "Stop when the loss is not above this; that of a share of the samples, or of "
                    "weights that have just changed, does not count.",
         .flag = Flag{.value = "<loss>", .name = "stop-loss"}},
        options.loss, kFinite);
  visit(
      {.name = "patience",
       .meaning = "Stop after so many steps without a lower loss; steps of a share of the samples "
                  "do not count, and what changes the weights begins the count anew.",
       .flag = Flag{.value = "<steps>"}},
      options.patience, Whole{1, 100'000'000});
  visit({.name = "minDelta",
         .meaning = "By how much the loss must fall to count as lower.",
         .flag = Flag{.value = "<loss>"}},
        options.minDelta, kNotNegative);
}

void fields(OptionVisitor& visit, FitterOptions& options) {
  visit({.name = "steps", .meaning = "Updates.", .flag = Flag{.value = "<count>"}}, options.steps,
        Whole{1, 100'000'000});
  visit({.name = "share",
         .meaning = "Part of the samples that a step learns from, in blocks of 2,048, or of the "
                    "largest FFT size, that are others in every step; 1: all of them. A GPU takes "
                    "all where its kernels do not compute the loss.",
         .flag = Flag{.value = "<part>"}},
        options.share, Real{.least = 0.0, .most = 1.0, .above = true});
  visit({.name = "shareUntil",
         .meaning = "Part of the steps that this holds for; after it a step learns from all.",
         .flag = Flag{.value = "<part>"}},
        options.shareUntil, Real{.least = 0.0, .most = 1.0});
  visit({.name = "optimizer", .meaning = "AdamW."}, options.optimizer);
  visit({.name = "schedule", .meaning = "How the learning rate changes."}, options.schedule);
  visit({.name = "loss", .meaning = "The reconstruction loss."}, options.loss);
  visit({.name = "earlyStop", .meaning = "When to stop before the last step."}, options.earlyStop);
  visit({.name = "threads",
         .meaning = "CPU threads; without it LibTorch's choice.",
         .flag = Flag{.value = "<count>"}},
        options.threads, Whole{1, 1024});
  visit({.name = "progressInterval", .meaning = "Seconds between two reports."},
        options.progressInterval, kNotNegative);
  visit({.name = "estimates",
         .meaning =
             "Reports of progress have the reconstruction as it is then, to be seen and heard."},
        options.estimates);
}

Fitter::Fitter(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
               const FitterOptions& options)
    : Fitter(std::make_shared<FitObjective>(std::move(networks), targets, options.loss), options) {}

Fitter::Fitter(const std::shared_ptr<FitObjective>& objective, const FitterOptions& options)
    : Trainer(objective, {.optimizer = options.optimizer, .threads = options.threads.value_or(0)}),
      fit_(objective),
      options_(options),
      // Blocks one by one would take longer than all samples at once.
      blocks_(objective->targets().size(1), objective->takesBlocks() ? options.share : 1.0,
              blockLength(options.loss)),
      bestLoss_(std::numeric_limits<double>::infinity()) {
  checkOptions(options_);
  const EarlyStop& stop = options_.earlyStop;
  TORCH_CHECK_VALUE(clips() == 1 || (!stop.siSnr && !stop.loss && !stop.patience),
                    "earlyStop is for one clip; ", clips(), " are fitted together");
  rateAt(options_.schedule, 0);
}

void Fitter::recordSteps() {
  triedRecording_ = true;
  // A limited update waits for the device, and a recorded step keeps the weights of its loss and
  // the samples that it learns from.
  if (fit_->targets().is_cpu() || options_.optimizer.maxUpdate > 0.0 ||
      !options_.loss.course.empty() || !blocks_.areWhole()) {
    return;
  }
  const auto gradients = [this] {
    optimizer().zeroGrad();
    fit_->accumulate();
  };
  try {
    recorded_ = RecordedSteps::make(gradients, fit_->losses(), optimizer());
  } catch (const c10::Error& error) {
    TORCH_WARN("the steps of this fit cannot be recorded and are launched one by one: ",
               error.what_without_backtrace());
  }
}

double Fitter::partAt(int64_t step) const {
  return static_cast<double>(step) / static_cast<double>(options_.steps);
}

bool Fitter::takesShare(int64_t step) const {
  return !blocks_.areWhole() && partAt(step) < options_.shareUntil;
}

bool Fitter::changesWeights(int64_t step) const {
  if (step == 0) return false;
  const ReconstructionLossOptions& loss = options_.loss;
  return weightsAt(loss, loss.course, partAt(step)) !=
         weightsAt(loss, loss.course, partAt(step - 1));
}

at::Tensor Fitter::nextGradients() {
  fit_->setPart(partAt(stepCount()));
  if (takesShare(stepCount())) {
    optimizer().zeroGrad();
    fit_->accumulate(blocks_, stepCount());
  } else {
    computeGradients({});
  }
  return fit_->losses().cpu().unsqueeze(0);
}

void Fitter::takeSteps(int64_t most) {
  if (!triedRecording_) recordSteps();
  // Early stops look at every step.
  const EarlyStop& stop = options_.earlyStop;
  const bool watched = stop.siSnr || stop.loss || stop.patience;
  const int64_t count = recorded_ && !watched ? std::min(most, RecordedSteps::kWindow) : 1;
  std::vector<ScheduledRate> rates;
  rates.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) rates.push_back(rateAt(options_.schedule, stepCount() + i));
  const int64_t step = stepCount();
  at::Tensor losses;  // [count, clips]
  if (recorded_) {
    losses = recorded_->take(rates);
  } else {
    losses = nextGradients();
  }
  const auto* const values = losses.const_data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) {
    checkLosses(values + i * clips(), clips(), step + i, rates[i].learningRate);
  }
  if (!recorded_) optimizer().step(rates.front().learningRate, rates.front().beta1);
  losses_.insert(losses_.end(), values, values + count * clips());
}

StopReason Fitter::earlyStop() {
  const EarlyStop& stop = options_.earlyStop;
  // Losses of different samples, or of different weights, are not to be compared.
  if (changesWeights(stepCount() - 1)) {
    bestLoss_ = std::numeric_limits<double>::infinity();
    bestStep_ = stepCount();
  } else if (!takesShare(stepCount() - 1)) {
    const double loss = losses_.back();
    if (loss < bestLoss_ - stop.minDelta) {
      bestLoss_ = loss;
      bestStep_ = stepCount();
    }
    if (stop.patience && stepCount() - bestStep_ >= *stop.patience) return StopReason::kPatience;
    if (stop.loss && loss <= *stop.loss) return StopReason::kLoss;
  }
  if (!stop.siSnr) return StopReason::kSteps;
  const std::optional<double> ratio = siSnr(fit_->estimates(), fit_->targets()).front();
  return ratio && *ratio >= *stop.siSnr ? StopReason::kSiSnr : StopReason::kSteps;
}

StopReason Fitter::run(int64_t untilStep, const std::atomic<bool>& abort,
                       const ProgressCallback& onProgress) {
  const ThreadLimit limit(options_.threads.value_or(0));
  threads_ = at::get_num_threads();
  BatchLoan loan(fit_->networks());
  const StopReason reason = runLoaned(std::min(untilStep, options_.steps), abort, onProgress);
  loan.end();
  return reason;
}

StopReason Fitter::runLoaned(int64_t end, const std::atomic<bool>& abort,
                             const ProgressCallback& onProgress) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  double reportedAt = -std::numeric_limits<double>::infinity();
  int64_t reportedStep = stepCount();
  const auto report = [&](double seconds) {
    onProgress({stepCount(),
                {losses_.end() - clips(), losses_.end()},
                siSnr(fit_->estimates(), fit_->targets()),
                constantOutputs(fit_->estimates(), fit_->targets()),
                options_.estimates ? reported(fit_->estimates()) : at::Tensor(),
                seconds});
    reportedAt = seconds;
    reportedStep = stepCount();
  };

  while (stepCount() < end) {
    if (abort.load(std::memory_order_relaxed)) {
      if (onProgress && reportedStep < stepCount()) report(elapsed());
      return StopReason::kAborted;
    }
    takeSteps(end - stepCount());
    const double seconds = elapsed();
    const StopReason reason = earlyStop();
    if (onProgress && (seconds - reportedAt >= options_.progressInterval || stepCount() == end ||
                       reason != StopReason::kSteps)) {
      report(seconds);
    }
    if (reason != StopReason::kSteps) return reason;
  }
  return StopReason::kSteps;
}

std::vector<int64_t> Fitter::lossesShape(int64_t steps) const {
  return clips() == 1 ? std::vector<int64_t>{steps} : std::vector<int64_t>{steps, clips()};
}

NamedTensors Fitter::state() const {
  NamedTensors state = Trainer::state();
  state.emplace_back(
      "losses", at::tensor(losses_, at::kDouble).view(lossesShape(std::ssize(losses_) / clips())));
  state.emplace_back("counters", at::tensor({stepCount(), bestStep_}, at::kLong));
  state.emplace_back("bestLoss", at::full({1}, bestLoss_, at::kDouble));
  if (takesShare(stepCount()) && fit_->estimates().defined()) {
    state.emplace_back(kEstimates, fit_->estimates().cpu());
  }
  return state;
}

void Fitter::loadState(const NamedTensors& state) {
  const at::Tensor counters = stateEntry(state, "counters", {2}, at::kLong).cpu().contiguous();
  const int64_t step = counters.const_data_ptr<int64_t>()[0];
  const int64_t bestStep = counters.const_data_ptr<int64_t>()[1];
  TORCH_CHECK_VALUE(step >= 0 && bestStep >= 0 && bestStep <= step,
                    "the training state's counters are [", step, ", ", bestStep, "]");
  const at::Tensor losses =
      stateEntry(state, "losses", lossesShape(step), at::kDouble).cpu().contiguous();
  const auto bestLoss = stateEntry(state, "bestLoss", {1}, at::kDouble).item<double>();
  const at::Tensor& targets = fit_->targets();
  const at::Tensor estimates =
      hasEstimates(state) ? stateEntry(state, kEstimates, targets.sizes(), targets.scalar_type())
                          : at::Tensor();
  // Checks the moments before it changes any.
  Trainer::loadState(state);
  losses_.assign(losses.const_data_ptr<double>(), losses.const_data_ptr<double>() + losses.numel());
  setStepCount(step);
  bestStep_ = bestStep;
  bestLoss_ = bestLoss;
  fit_->setEstimates(estimates);
}

}  // namespace fewsound
