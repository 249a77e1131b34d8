#pragma once

#include <cstdint>
#include <vector>

#include "native/nn/options.h"

namespace fewsound {

/// The encoder E; SPEC "FewSound".
struct SoundStreamOptions {
  int64_t channels = 16;   // C, doubled by every block
  int64_t dimension = 32;  // D, of a code
  std::vector<int64_t> strides{2, 4, 5, 8};
  /// Layer norm over channels and time, with affine parameters of that shape: ties the model to
  /// recordings of one length.
  bool layerNorm = true;
};

/// Weights that every recording starts from and their encoder G.
struct UniversalOptions {
  int64_t kernel = 8101;
  int64_t convolutions = 2;
};

/// What becomes of the weights that the hypernetwork writes.
enum class WeightMode : uint8_t {
  kTarget,     // they are the target's
  kResidual,   // they are added to weights of its own
  kModulator,  // its own weights are multiplied by them
};

struct HyperModelOptions : InrOptions {
  AnyInrOptions target;
  int64_t samples = 32'768;  // of a recording
  SoundStreamOptions encoder;
  std::vector<int64_t> hidden{400, 768, 768, 768, 768, 400};
  bool hasUniversal = true;  // FewSound; HyperSound has none
  UniversalOptions universal;
  WeightMode mode = WeightMode::kTarget;
  /// Layers of the target, by number, whose weights all recordings share.
  std::vector<int64_t> sharedLayers;
  /// Whether all recordings share learnable frequencies and omegas.
  bool sharedEncoding = false;
};

}  // namespace fewsound
