#include "native/train/schedule.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
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

constexpr std::array kKinds{"constant", "cosine", "oneCycle"};

}  // namespace

void fields(OptionVisitor& visit, ScheduleOptions& options) {
  visit({.name = "kind",
         .meaning = "How the learning rate changes.",
         .flag = Flag{.value = "<kind>", .name = "schedule"}},
        options.kind, Choice{kKinds});
  visit({.name = "learningRate", .meaning = "The highest rate."}, options.learningRate, kPositive);
  visit({.name = "totalSteps", .meaning = "Length of the whole schedule, in updates."},
        options.totalSteps, Whole{1, kLargestWhole});
  visit({.name = "minimum",
         .meaning = "Cosine: the rate at the end.",
         .flag = Flag{.value = "<rate>", .name = "minimum-lr"}},
        options.minimum, kNotNegative);
  visit({.name = "beta1", .meaning = "First moment decay of the constant and the cosine schedule."},
        options.beta1, kFraction);
  visit({.name = "divFactor",
         .meaning = "One cycle: the first rate is the highest one divided by this.",
         .source = "PyTorch's OneCycleLR",
         .flag = Flag{.value = "<factor>"}},
        options.divFactor, kPositive);
  visit({.name = "finalDivFactor",
         .meaning = "One cycle: the last rate is the first one divided by this.",
         .source = "PyTorch's OneCycleLR",
         .flag = Flag{.value = "<factor>"}},
        options.finalDivFactor, kPositive);
  visit({.name = "warmupFraction",
         .meaning = "One cycle: part of the steps that the rate rises for.",
         .source = "PyTorch's OneCycleLR",
         .flag = Flag{.value = "<part>"}},
        options.warmupFraction, Real{.least = 0.0, .most = 1.0});
  visit({.name = "beta1Base",
         .meaning = "One cycle: first moment decay at the highest rate.",
         .source = "PyTorch's OneCycleLR",
         .flag = Flag{.value = "<decay>"}},
        options.beta1Base, kFraction);
  visit({.name = "beta1Max",
         .meaning = "One cycle: first moment decay at both ends.",
         .source = "PyTorch's OneCycleLR",
         .flag = Flag{.value = "<decay>"}},
        options.beta1Max, kFraction);
}

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
