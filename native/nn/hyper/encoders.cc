#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/soundstream_encoder.h"

namespace fewsound {

template <>
const std::vector<AnyEncoderOptions::Row>& AnyEncoderOptions::rows() {
  static const std::vector<Row> rows{
      kindOf<SoundStreamEncoder, Encoder, SoundStreamOptions, int64_t, const Initializer&>(
          "soundstream", "SoundStreamOptions", {}),
  };
  return rows;
}

}  // namespace fewsound
