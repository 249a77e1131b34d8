#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace fewsound {

/// What every network has. Values reach us checked; constructors check again and throw c10::Error.
struct InrOptions {
  /// Seed of the initialisation; without it the process-wide generator is used.
  std::optional<uint64_t> seed;
  c10::ScalarType dtype = c10::ScalarType::Float;
};

struct KanOptions : InrOptions {
  std::vector<int64_t> layers{48, 24, 12};
  int64_t encoding = 10;
  bool learnableEncoding = false;
  int64_t grid = 10;
  int64_t order = 3;
  double gridLower = -1.0;
  double gridUpper = 1.0;
  bool scaleSpline = true;
  double initNoise = 0.1;
};

struct NerfOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  int64_t encoding = 12;
  bool learnableEncoding = false;
};

struct SirenOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 2000.0;
  double omega = 30.0;
  bool learnableOmega = false;
  bool gradientFix = true;
};

struct FinerOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 30.0;
  double omega = 30.0;
  bool learnableOmega = false;
  double biasScale = 5.0;
};

struct RffOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  int64_t frequencies = 45;
  double sigma = 10.0;
};

struct WireOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 10.0;
  double omega = 10.0;
  double scale = 10.0;
  bool learnableOmega = false;
};

using AnyInrOptions =
    std::variant<KanOptions, NerfOptions, SirenOptions, FinerOptions, RffOptions, WireOptions>;

}  // namespace fewsound
