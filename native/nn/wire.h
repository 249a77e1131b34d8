#pragma once

#include "native/nn/mlp.h"
#include "native/nn/options.h"

namespace fewsound {

/// Complex Gabor wavelets exp(i omega x - |s x|^2) between linear layers, the first of them real
/// and the others complex; the amplitude is the real part (Saragadam et al. 2023).
class Wire : public Mlp {
 public:
  explicit Wire(const WireOptions& options);
};

}  // namespace fewsound
