#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/audio/sinc_resampler.h"
#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/gru.h"

namespace fewsound {

/// Low-rank updates of projections that are fixed themselves (Hu et al. 2022).
struct LoraOptions {
  int64_t rank = 8;  // 0: without
  double alpha = 16.0;
  bool query = true;
  bool key = false;
  bool value = true;
  bool output = false;
};

void fields(OptionVisitor& visit, LoraOptions& options);

/// By default the sizes of Whisper tiny.en.
struct WhisperOptions {
  int64_t mels = 80;
  int64_t channels = 384;
  int64_t layers = 4;
  int64_t headWidth = 64;
  int64_t sampleRate = 22'050;  // Hz, of the recordings
  double seconds = 30.0;        // that recordings are filled up to
  LoraOptions lora;
  int64_t width = 3296;  // of a code; 0: all that Whisper gives
};

void fields(OptionVisitor& visit, WhisperOptions& options);

/// The encoder of Whisper (Radford et al. 2022) with fixed weights, named as in its transformers
/// checkpoints, and low-rank updates of its attention that learn; then a GRU, whose last state is
/// the code (paper 1, Table 5). Recordings are resampled to 16 kHz and filled up with silence; the
/// GRU hears the positions that the recording reaches.
class WhisperEncoder : public Encoder {
 public:
  WhisperEncoder(const WhisperOptions& options, int64_t samples, const Initializer& initializer);

  at::Tensor forward(const at::Tensor& audio) const override;
  int64_t width() const override { return width_; }
  std::vector<Fixed> fixed() const override;

 private:
  struct Affine;
  struct Projection;
  struct Layer;
  struct Tables;

  at::Tensor logMel(const at::Tensor& audio) const;

  SincRates rates_;
  int64_t positions_;  // that the recording reaches
  int64_t frames_;     // of the spectrogram, two for each position that attends
  int64_t width_;
  std::shared_ptr<Affine> conv1_;
  std::shared_ptr<Affine> conv2_;
  at::Tensor places_;  // [1500, channels]
  std::vector<std::shared_ptr<Layer>> layers_;
  std::shared_ptr<Affine> norm_;
  std::shared_ptr<Tables> tables_;
  GruWeights gru_;  // undefined where the code is all that Whisper gives
};

}  // namespace fewsound
