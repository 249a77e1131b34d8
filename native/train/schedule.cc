#include "native/train/schedule.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fewsound {
namespace {

double cosineBetween(double from, double to, double part) {
  return to + (from - to) / 2.0 * (1.0 + std::cos(std::numbers::pi * part));
}

ScheduledRate oneCycle(const ScheduleOptions& options, int64_t step) {
  const double initial = options.learningRate / options.divFactor;
  const double final = initial / options.finalDivFactor;
  const auto at = static_cast<double>(std::min(step, options.totalSteps - 1));
  const double last = static_cast<double>(options.totalSteps) - 1.0;
  // PyTorch's OneCycleLR: the peak is the end of the rise, counted from 0, so it may lie between
  // steps.
  const double peak = options.warmupFraction * static_cast<double>(options.totalSteps) - 1.0;
  if (at <= peak && peak > 0.0) {
    const double part = at / peak;
    return {cosineBetween(initial, options.learningRate, part),
            cosineBetween(options.beta1Max, options.beta1Base, part)};
  }
  const double part = last > peak ? (at - peak) / (last - peak) : 1.0;
  return {cosineBetween(options.learningRate, final, part),
          cosineBetween(options.beta1Base, options.beta1Max, part)};
}

}  // namespace

ScheduledRate rateAt(const ScheduleOptions& options, int64_t step) {
  TORCH_CHECK_VALUE(options.totalSteps >= 1, "totalSteps is ", options.totalSteps,
                    "; expected at least 1");
  TORCH_CHECK_VALUE(step >= 0, "step is ", step, "; expected 0 or more");
  switch (options.kind) {
    case ScheduleKind::kConstant:
      return {options.learningRate, options.beta1};
    case ScheduleKind::kCosine: {
      const double part = static_cast<double>(std::min(step, options.totalSteps)) /
                          static_cast<double>(options.totalSteps);
      return {cosineBetween(options.learningRate, options.minimum, part), options.beta1};
    }
    case ScheduleKind::kOneCycle:
      return oneCycle(options, step);
  }
  TORCH_CHECK(false, "unknown schedule");
}

}  // namespace fewsound
