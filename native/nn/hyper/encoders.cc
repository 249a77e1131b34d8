#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/snac_encoder.h"
#include "native/nn/hyper/soundstream_encoder.h"
#include "native/nn/hyper/spectral_encoder.h"
#include "native/nn/hyper/whisper_encoder.h"

namespace fewsound {

template <>
const std::vector<AnyEncoderOptions::Row>& AnyEncoderOptions::rows() {
  static const std::vector<Row> rows{
      kindOf<SoundStreamEncoder, Encoder, SoundStreamOptions, int64_t, const Initializer&>(
          "soundstream", "SoundStreamOptions", {}),
      kindOf<SnacEncoder, Encoder, SnacOptions, int64_t, const Initializer&>("snac", "SnacOptions",
                                                                             {}),
      kindOf<WhisperEncoder, Encoder, WhisperOptions, int64_t, const Initializer&>(
          "whisper", "WhisperOptions", {}),
      kindOf<SpectralEncoder, Encoder, SpectralOptions, int64_t, const Initializer&>(
          "spectral", "SpectralOptions", {}),
  };
  return rows;
}

std::vector<Encoder::Fixed> Encoder::fixed() const {
  std::vector<Fixed> all;
  for (const auto& item : named_buffers()) all.push_back({item.key(), item.value()});
  return all;
}

std::vector<std::pair<std::string, at::Tensor>> Encoder::features(const at::Tensor&) const {
  return {};
}

}  // namespace fewsound
