#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/soundstream_encoder.h"
#include "native/nn/hyper/spectral_encoder.h"

namespace fewsound {

template <>
const std::vector<AnyEncoderOptions::Row>& AnyEncoderOptions::rows() {
  static const std::vector<Row> rows{
      kindOf<SoundStreamEncoder, Encoder, SoundStreamOptions, int64_t, const Initializer&>(
          "soundstream", "SoundStreamOptions", {}),
      kindOf<SpectralEncoder, Encoder, SpectralOptions, int64_t, const Initializer&>(
          "spectral", "SpectralOptions", {}),
  };
  return rows;
}

std::vector<std::pair<std::string, at::Tensor>> Encoder::features(const at::Tensor&) const {
  return {};
}

}  // namespace fewsound
