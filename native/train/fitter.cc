#include "native/train/fitter.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "native/metrics/constant_output.h"
#include "native/metrics/si_snr.h"
#include "native/train/thread_limit.h"

namespace fewsound {
namespace {

/// Takes the networks' parameters for a run and gives them back at its end, however it ends.
class BatchLoan {
 public:
  explicit BatchLoan(InrBatch& networks) : networks_(networks) { networks_.load(); }
  ~BatchLoan() { networks_.store(); }
  BatchLoan(const BatchLoan&) = delete;
  BatchLoan& operator=(const BatchLoan&) = delete;

 private:
  InrBatch& networks_;
};

void checkOptions(const FitterOptions& options) {
  TORCH_CHECK_VALUE(options.steps >= 0, "steps is ", options.steps, "; expected 0 or more");
  TORCH_CHECK_VALUE(
      std::isfinite(options.schedule.learningRate) && options.schedule.learningRate > 0.0,
      "learningRate is ", options.schedule.learningRate, "; expected a finite number above 0");
  TORCH_CHECK_VALUE(options.threads >= 0, "threads is ", options.threads,
                    "; expected 0 (LibTorch's default) or more");
  TORCH_CHECK_VALUE(options.earlyStop.patience >= 0, "earlyStop.patience is ",
                    options.earlyStop.patience, "; expected 0 (off) or more steps");
}

/// Throws where one of the losses before an update, [clips], is not finite.
void checkLosses(const double* losses, int64_t clips, int64_t step, double learningRate) {
  for (int64_t clip = 0; clip < clips; ++clip) {
    if (std::isfinite(losses[clip])) continue;
    const std::string which = clips == 1 ? "the loss" : c10::str("the loss of clip ", clip);
    const char* value = std::isnan(losses[clip]) ? "NaN" : "infinite";
    TORCH_CHECK(step > 0, which, " is ", value,
                " before the first step: the network's weights are not finite numbers, or too "
                "large");
    TORCH_CHECK(false, which, " is ", value, " at step ", step,
                ": the fit has diverged; try a lower learning rate than ", learningRate);
  }
}

at::Tensor asTargets(const at::Tensor& targets, const InrBatch& networks) {
  TORCH_CHECK_VALUE(targets.dim() == 2, "the targets have shape ", targets.sizes(),
                    "; expected [clips, samples]");
  TORCH_CHECK_VALUE(targets.size(0) == networks.size(), "there are ", networks.size(),
                    " networks for ", targets.size(0), " clips; expected one for each");
  TORCH_CHECK_VALUE(targets.size(1) >= 2, "the target has ", targets.size(1),
                    " samples; expected at least 2");
  TORCH_CHECK_VALUE(at::isfinite(targets).all().item<bool>(),
                    "the target holds NaN or infinite samples");
  const at::Tensor& like = networks.parameters().front();
  const at::ScalarType dtype = c10::toRealValueType(like.scalar_type());
  return targets.detach().to(like.device(), dtype).contiguous();
}

}  // namespace

Fitter::Fitter(std::vector<std::shared_ptr<Inr>> networks, const at::Tensor& targets,
               FitterOptions options)
    : networks_(std::move(networks)),
      targets_(asTargets(targets, networks_)),
      options_(std::move(options)),
      optimizer_(networks_.parameters(), options_.optimizer),
      bestLoss_(std::numeric_limits<double>::infinity()) {
  checkOptions(options_);
  const EarlyStop& stop = options_.earlyStop;
  TORCH_CHECK_VALUE(clips() == 1 || (!stop.siSnr && !stop.loss && stop.patience == 0),
                    "earlyStop is for one clip; ", clips(), " are fitted together");
  rateAt(options_.schedule, 0);
  loss_ = TargetLoss::make(options_.loss, targets_);
  const at::NoGradGuard noGrad;
  const at::Tensor t = timeAxis(targets_.size(1), targets_.options());
  features_ = networks_.encodingIsFixed() ? networks_.encode(t).contiguous() : t;
}

void Fitter::computeGradients() {
  const at::AutoGradMode gradients(true);
  optimizer_.zeroGrad();
  const at::Tensor encoded = networks_.encodingIsFixed() ? features_ : networks_.encode(features_);
  const at::Tensor estimates = networks_.decode(encoded);
  loss_->evaluate(estimates);
  estimates.backward(loss_->gradient());
  estimates_ = estimates.detach();
}

void Fitter::recordSteps() {
  triedRecording_ = true;
  if (targets_.is_cpu()) return;
  try {
    recorded_ = RecordedSteps::make([this] { computeGradients(); }, loss_->losses(), optimizer_);
  } catch (const c10::Error& error) {
    TORCH_WARN("the steps of this fit cannot be recorded and are launched one by one: ",
               error.what_without_backtrace());
  }
}

void Fitter::takeSteps(int64_t most) {
  if (!triedRecording_) recordSteps();
  // Early stops look at every step.
  const EarlyStop& stop = options_.earlyStop;
  const bool watched = stop.siSnr || stop.loss || stop.patience > 0;
  const int64_t count = recorded_ && !watched ? std::min(most, RecordedSteps::kWindow) : 1;
  std::vector<ScheduledRate> rates;
  rates.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) rates.push_back(rateAt(options_.schedule, step_ + i));
  at::Tensor losses;  // [count, clips]
  if (recorded_) {
    losses = recorded_->take(rates);
  } else {
    computeGradients();
    losses = loss_->losses().cpu().unsqueeze(0);
  }
  const auto* const values = losses.const_data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) {
    checkLosses(values + i * clips(), clips(), step_ + i, rates[i].learningRate);
  }
  if (!recorded_) optimizer_.step(rates.front().learningRate, rates.front().beta1);
  step_ += count;
  losses_.insert(losses_.end(), values, values + count * clips());
}

StopReason Fitter::earlyStop(const std::vector<std::optional<double>>& ratios) {
  const EarlyStop& stop = options_.earlyStop;
  const double loss = losses_.back();
  if (loss < bestLoss_ - stop.minDelta) {
    bestLoss_ = loss;
    bestStep_ = step_;
  }
  if (stop.patience > 0 && step_ - bestStep_ >= stop.patience) return StopReason::kPatience;
  if (stop.loss && loss <= *stop.loss) return StopReason::kLoss;
  const bool reached = stop.siSnr && ratios.front() && *ratios.front() >= *stop.siSnr;
  return reached ? StopReason::kSiSnr : StopReason::kSteps;
}

StopReason Fitter::run(int64_t untilStep, const std::atomic<bool>& abort,
                       const ProgressCallback& onProgress) {
  using Clock = std::chrono::steady_clock;
  const ThreadLimit limit(options_.threads);
  threads_ = at::get_num_threads();
  const BatchLoan loan(networks_);
  const int64_t end = std::min(untilStep, options_.steps);
  const auto start = Clock::now();
  double reported = -std::numeric_limits<double>::infinity();

  while (step_ < end) {
    if (abort.load(std::memory_order_relaxed)) return StopReason::kAborted;
    takeSteps(end - step_);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    bool due = onProgress && (seconds - reported >= options_.progressInterval || step_ == end);
    std::vector<std::optional<double>> ratios;
    if (due || options_.earlyStop.siSnr) ratios = siSnr(estimates_, targets_);
    const StopReason reason = earlyStop(ratios);
    if (onProgress && reason != StopReason::kSteps && !due) {
      due = true;
      ratios = siSnr(estimates_, targets_);
    }
    if (due) {
      onProgress({step_,
                  {losses_.end() - clips(), losses_.end()},
                  std::move(ratios),
                  constantOutputs(estimates_, targets_),
                  seconds});
      reported = seconds;
    }
    if (reason != StopReason::kSteps) return reason;
  }
  return StopReason::kSteps;
}

std::vector<int64_t> Fitter::lossesShape(int64_t steps) const {
  return clips() == 1 ? std::vector<int64_t>{steps} : std::vector<int64_t>{steps, clips()};
}

std::vector<std::pair<std::string, at::Tensor>> Fitter::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state;
  const std::vector<std::string>& names = networks_.names();
  const auto copy = [](const at::Tensor& tensor) { return tensor.detach().cpu().clone(); };
  for (size_t i = 0; i < names.size(); ++i) {
    state.emplace_back("firstMoment." + names[i], copy(optimizer_.firstMoments()[i]));
    state.emplace_back("secondMoment." + names[i], copy(optimizer_.secondMoments()[i]));
  }
  state.emplace_back("losses", at::tensor(losses_, at::kDouble).view(lossesShape(step_)));
  state.emplace_back("counters", at::tensor({step_, bestStep_}, at::kLong));
  state.emplace_back("bestLoss", at::full({1}, bestLoss_, at::kDouble));
  return state;
}

void Fitter::loadState(const std::vector<std::pair<std::string, at::Tensor>>& state) {
  const std::unordered_map<std::string, at::Tensor> given(state.begin(), state.end());
  const auto entry = [&](const std::string& name, at::IntArrayRef shape, at::ScalarType dtype) {
    const auto found = given.find(name);
    TORCH_CHECK_VALUE(found != given.end(), "the training state lacks \"", name, "\"");
    const at::Tensor& value = found->second;
    TORCH_CHECK_VALUE(value.sizes() == shape && value.scalar_type() == dtype,
                      "the training state's \"", name, "\" is ", value.scalar_type(), " ",
                      value.sizes(), "; expected ", dtype, " ", shape);
    return value;
  };
  // All is looked at before anything is changed.
  const at::Tensor counters = entry("counters", {2}, at::kLong).cpu().contiguous();
  const int64_t step = counters.const_data_ptr<int64_t>()[0];
  const int64_t bestStep = counters.const_data_ptr<int64_t>()[1];
  TORCH_CHECK_VALUE(step >= 0 && bestStep >= 0 && bestStep <= step,
                    "the training state's counters are [", step, ", ", bestStep, "]");
  const at::Tensor losses = entry("losses", lossesShape(step), at::kDouble).cpu().contiguous();
  const double bestLoss = entry("bestLoss", {1}, at::kDouble).item<double>();
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  const std::vector<std::string>& names = networks_.names();
  for (size_t i = 0; i < names.size(); ++i) {
    const at::Tensor& first = optimizer_.firstMoments()[i];
    const at::Tensor& second = optimizer_.secondMoments()[i];
    copies.emplace_back(first,
                        entry("firstMoment." + names[i], first.sizes(), first.scalar_type()));
    copies.emplace_back(second,
                        entry("secondMoment." + names[i], second.sizes(), second.scalar_type()));
  }

  for (const auto& [to, from] : copies) to.copy_(from);
  losses_.assign(losses.const_data_ptr<double>(), losses.const_data_ptr<double>() + losses.numel());
  step_ = step;
  bestStep_ = bestStep;
  bestLoss_ = bestLoss;
  optimizer_.setStepCount(step);
}

}  // namespace fewsound
