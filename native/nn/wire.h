#pragma once

#include <cstdint>
#include <vector>

#include "native/nn/mlp.h"

namespace fewsound {

struct WireOptions : InrOptions {
  std::vector<int64_t> layers{90, 90, 90, 90, 70};
  double omega0 = 100.0;
  double omega = 10.0;
  double scale = 10.0;
  bool learnableOmega = false;
};

void fields(OptionVisitor& visit, WireOptions& options);

/// Complex Gabor wavelets exp(i omega x - |s x|^2) between linear layers, the first of them real
/// and the others complex; the amplitude is the real part (Saragadam et al. 2023).
class Wire : public Mlp {
 public:
  explicit Wire(const WireOptions& options);
};

}  // namespace fewsound
