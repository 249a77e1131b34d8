#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "native/audio/sinc_resampler.h"
#include "native/nn/hyper/encoder.h"
#include "native/nn/hyper/gru.h"
#include "native/nn/hyper/posteriorgram.h"
#include "native/nn/waveform/waveform_layers.h"

namespace fewsound {

enum class PosteriorgramUse : uint8_t { kNone, kLearned, kFrozen };

/// The spectral encoder of paper 1's Table 5, which is VoiceBlock's.
struct SpectralOptions {
  int64_t hidden = 512;
  int64_t lookahead = 5;
  int64_t width = 3296;  // of a code
  int64_t sampleRate = 22'050;
  bool resample = true;
  PosteriorgramUse posteriorgram = PosteriorgramUse::kLearned;
  int64_t posteriorgramHidden = 256;
  int64_t posteriorgramWindow = 1024;
  bool loudness = true;
  bool loudnessInDecibels = true;
  bool pitch = true;
};

void fields(OptionVisitor& visit, SpectralOptions& options);

/// The encoder of VoiceBlock (O'Reilly et al. 2022) with a recurrent layer that makes one code of
/// all frames: a spectrogram through a gated layer, convolutions that look ahead, and dense layers;
/// beside it the posteriorgram, loudness, pitch and aperiodicity of each frame; batch norm, a dense
/// layer, and a GRU whose last state is the code.
///
/// What is heard of a recording is not differentiated: codes have gradients in the weights alone.
class SpectralEncoder : public Encoder {
 public:
  SpectralEncoder(const SpectralOptions& options, int64_t samples, const Initializer& initializer);

  at::Tensor forward(const at::Tensor& audio) const override { return codes(audio, false); }
  at::Tensor learn(const at::Tensor& audio) const override { return codes(audio, true); }
  std::vector<at::Tensor> statistics() const override;
  /// spectrogram (dB), encoded (by convolutions and dense layers), and as far as they are heard
  /// cepstra (MFCC), posteriorgram (in its own frames), loudness, pitch (Hz) and aperiodicity.
  std::vector<std::pair<std::string, at::Tensor>> features(const at::Tensor& audio) const override;
  int64_t width() const override { return options_.width; }

 private:
  struct LayerNorm;
  /// What is heard of recordings, [batch, frames, …] each; undefined what is not heard.
  struct Heard {
    at::Tensor spectrogram;
    at::Tensor cepstra;  // in frames of the posteriorgram
    at::Tensor loudness;
    at::Tensor pitch;  // with the aperiodicity
  };

  Heard hear(const at::Tensor& audio) const;
  /// Frames [batch, frames, hidden] of a spectrogram.
  at::Tensor encoded(const at::Tensor& spectrogram, bool learning) const;
  at::Tensor codes(const at::Tensor& audio, bool learning) const;

  SpectralOptions options_;
  SincRates rates_;
  std::shared_ptr<CentredConv> gate_;
  std::vector<std::shared_ptr<CentredConv>> convolutions_;
  std::vector<std::shared_ptr<BatchNorm>> norms_;
  std::vector<std::shared_ptr<Dense>> dense_;
  std::vector<std::shared_ptr<LayerNorm>> denseNorms_;
  std::shared_ptr<Posteriorgram> posteriorgram_;
  std::shared_ptr<BatchNorm> joinedNorm_;
  std::shared_ptr<Dense> joined_;
  GruWeights gru_;
};

}  // namespace fewsound
