#include "native/train/fitter.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "native/metrics/si_snr.h"

namespace fewsound {
namespace {

/// Holds this thread to a number of threads until the end of a run.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) : before_(at::get_num_threads()), limited_(threads > 0) {
    if (limited_) at::set_num_threads(threads);
  }
  ~ThreadLimit() {
    if (limited_) at::set_num_threads(before_);
  }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
  bool limited_;
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

void checkLoss(double loss, int64_t step, double learningRate) {
  if (std::isfinite(loss)) return;
  const char* value = std::isnan(loss) ? "NaN" : "infinite";
  TORCH_CHECK(step > 0, "the loss is ", value,
              " before the first step: the network's weights are not finite numbers, or too large");
  TORCH_CHECK(false, "the loss is ", value, " at step ", step,
              ": the fit has diverged; try a lower learning rate than ", learningRate);
}

/// t_i = -1 + 2i / (samples - 1), [samples, 1]
at::Tensor timeAxis(int64_t samples, const at::TensorOptions& options) {
  return at::linspace(-1.0, 1.0, samples, options).unsqueeze(1);
}

at::Tensor asTarget(const at::Tensor& target, const Inr& network) {
  TORCH_CHECK_VALUE(target.dim() == 1, "the target has shape ", target.sizes(),
                    "; expected [samples]");
  TORCH_CHECK_VALUE(target.size(0) >= 2, "the target has ", target.size(0),
                    " samples; expected at least 2");
  TORCH_CHECK_VALUE(at::isfinite(target).all().item<bool>(),
                    "the target holds NaN or infinite samples");
  const at::Tensor like = network.parameters().front();
  return target.detach().to(like.options().requires_grad(false)).unsqueeze(0).contiguous();
}

}  // namespace

Fitter::Fitter(std::shared_ptr<Inr> network, const at::Tensor& target, FitterOptions options)
    : network_(std::move(network)),
      target_(asTarget(target, *network_)),
      options_(std::move(options)),
      loss_(options_.loss),
      optimizer_(network_->parameters(), options_.optimizer),
      bestLoss_(std::numeric_limits<double>::infinity()) {
  checkOptions(options_);
  rateAt(options_.schedule, 0);
  loss_.setTarget(target_);
  const at::NoGradGuard noGrad;
  const at::Tensor t = timeAxis(target_.size(1), target_.options());
  features_ = network_->encodingIsFixed() ? network_->encode(t).contiguous() : t;
}

StopReason Fitter::run(int64_t untilStep, const std::atomic<bool>& abort,
                       const ProgressCallback& onProgress) {
  using Clock = std::chrono::steady_clock;
  const at::AutoGradMode gradients(true);
  const ThreadLimit limit(options_.threads);
  threads_ = at::get_num_threads();
  const int64_t end = std::min(untilStep, options_.steps);
  const EarlyStop& stop = options_.earlyStop;
  const auto start = Clock::now();
  double reported = -std::numeric_limits<double>::infinity();

  while (step_ < end) {
    if (abort.load(std::memory_order_relaxed)) return StopReason::kAborted;
    optimizer_.zeroGrad();
    const at::Tensor encoded =
        network_->encodingIsFixed() ? features_ : network_->encode(features_);
    const at::Tensor estimate = network_->decode(encoded, nullptr).view({1, -1});
    const at::Tensor loss = loss_.toTarget(estimate);
    const double value = loss.item<double>();
    checkLoss(value, step_, rateAt(options_.schedule, step_).learningRate);
    loss.backward();
    const ScheduledRate rate = rateAt(options_.schedule, step_);
    optimizer_.step(rate.learningRate, rate.beta1);
    ++step_;
    losses_.push_back(value);
    if (value < bestLoss_ - stop.minDelta) {
      bestLoss_ = value;
      bestStep_ = step_;
    }

    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const bool due = onProgress && seconds - reported >= options_.progressInterval;
    std::optional<double> ratio;
    if (due || stop.siSnr || step_ == end) ratio = siSnr(estimate, target_);
    StopReason reason = StopReason::kSteps;
    if (stop.siSnr && ratio && *ratio >= *stop.siSnr) reason = StopReason::kSiSnr;
    if (stop.loss && value <= *stop.loss) reason = StopReason::kLoss;
    if (stop.patience > 0 && step_ - bestStep_ >= stop.patience) reason = StopReason::kPatience;
    const bool last = reason != StopReason::kSteps || step_ == end;
    if (onProgress && (due || last)) {
      if (!ratio) ratio = siSnr(estimate, target_);
      onProgress({step_, value, ratio, seconds});
      reported = seconds;
    }
    if (reason != StopReason::kSteps) return reason;
  }
  return StopReason::kSteps;
}

std::vector<std::pair<std::string, at::Tensor>> Fitter::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state;
  const auto names = network_->named_parameters().keys();
  const auto copy = [](const at::Tensor& tensor) { return tensor.detach().cpu().clone(); };
  for (size_t i = 0; i < names.size(); ++i) {
    state.emplace_back("firstMoment." + names[i], copy(optimizer_.firstMoments()[i]));
    state.emplace_back("secondMoment." + names[i], copy(optimizer_.secondMoments()[i]));
  }
  state.emplace_back("losses", at::tensor(losses_, at::kDouble));
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
  const at::Tensor losses = entry("losses", {step}, at::kDouble).cpu().contiguous();
  const double bestLoss = entry("bestLoss", {1}, at::kDouble).item<double>();
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  const auto names = network_->named_parameters().keys();
  for (size_t i = 0; i < names.size(); ++i) {
    const at::Tensor& first = optimizer_.firstMoments()[i];
    const at::Tensor& second = optimizer_.secondMoments()[i];
    copies.emplace_back(first,
                        entry("firstMoment." + names[i], first.sizes(), first.scalar_type()));
    copies.emplace_back(second,
                        entry("secondMoment." + names[i], second.sizes(), second.scalar_type()));
  }

  for (const auto& [to, from] : copies) to.copy_(from);
  losses_.assign(losses.const_data_ptr<double>(), losses.const_data_ptr<double>() + step);
  step_ = step;
  bestStep_ = bestStep;
  bestLoss_ = bestLoss;
  optimizer_.setStepCount(step);
}

}  // namespace fewsound
