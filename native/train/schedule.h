#pragma once

#include <cstdint>

#include "native/options/fields.h"

namespace fewsound {

enum class ScheduleKind : uint8_t { kConstant, kCosine, kOneCycle };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kConstant;
  double learningRate = 1e-3;  // the highest of all
  int64_t totalSteps = 1000;
  double minimum = 0.0;         // cosine: the rate that update number totalSteps would have
  double beta1 = 0.9;           // constant and cosine
  double divFactor = 25.0;      // one cycle: first rate = maximum / divFactor
  double finalDivFactor = 1e4;  // one cycle: last rate = first rate / finalDivFactor
  double warmupFraction = 0.3;  // one cycle: part of the steps spent rising (pct_start)
  double beta1Base = 0.85;      // one cycle: beta1 at the maximum rate
  double beta1Max = 0.95;       // one cycle: beta1 at both ends
};

void fields(OptionVisitor& visit, ScheduleOptions& options);

struct ScheduledRate {
  double learningRate;
  double beta1;
};

/// The rate for the update number `step`, counted from 0. Steps past the end keep the last rate.
ScheduledRate rateAt(const ScheduleOptions& options, int64_t step);

}  // namespace fewsound
