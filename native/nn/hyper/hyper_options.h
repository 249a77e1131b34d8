#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "native/nn/hyper/encoder.h"
#include "native/nn/nerf.h"
#include "native/nn/networks.h"

namespace fewsound {

/// The network whose weights are written, of a kind that takes weights: by itself a small NeRF.
class TargetOptions : public AnyInrOptions {
 public:
  TargetOptions() : TargetOptions(usualNerf()) {}
  template <class Options>
  TargetOptions(Options options) : AnyOptions(std::move(options)) {}  // NOLINT(*-explicit-*)

  static NerfOptions usualNerf();
  std::vector<const char*> kinds() const override;
  bool choose(std::string_view kind) override;
};

/// Weights that every recording starts from and their encoder G.
struct UniversalOptions {
  int64_t kernel = 8101;
  int64_t convolutions = 2;
  double warmupEpochs = 50.0;  // over which the update grows to its whole
};

/// What becomes of the weights that the hypernetwork writes.
enum class WeightMode : uint8_t {
  kTarget,     // they are the target's
  kResidual,   // they are added to weights of its own
  kModulator,  // its own weights are multiplied by them
};

struct HyperModelOptions : ModelOptions {
  TargetOptions target;
  int64_t samples = 32'768;  // of a recording
  EncoderOptions encoder;
  std::vector<int64_t> hidden{400, 768, 768, 768, 768, 400};
  WeightMode mode = WeightMode::kTarget;
  /// Layers of the target, by number, whose weights all recordings share.
  std::vector<int64_t> sharedLayers;
  /// Whether all recordings share learnable frequencies and omegas.
  bool sharedEncoding = false;
  std::optional<UniversalOptions> universal = UniversalOptions{};  // FewSound has them
};

void fields(OptionVisitor& visit, HyperModelOptions& options);

}  // namespace fewsound
