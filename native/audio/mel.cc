#include "native/audio/mel.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "native/audio/stft.h"

namespace fewsound {
namespace {

// Slaney's scale (Auditory Toolbox): linear below 1 kHz, 27 mels to every factor of 6.4 above.
constexpr double kHertzPerMel = 200.0 / 3.0;
constexpr double kBreakHertz = 1000.0;
constexpr double kBreakMel = kBreakHertz / kHertzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double melFromHertz(double hertz) {
  return hertz < kBreakHertz ? hertz / kHertzPerMel
                             : kBreakMel + std::log(hertz / kBreakHertz) / kLogStep;
}

double hertzFromMel(double mel) {
  return mel < kBreakMel ? mel * kHertzPerMel
                         : kBreakHertz * std::exp(kLogStep * (mel - kBreakMel));
}

}  // namespace

at::Tensor melFilterbank(int64_t sampleRate, int64_t fftSize, int64_t mels,
                         const at::TensorOptions& options) {
  TORCH_CHECK_VALUE(sampleRate >= 1, "sampleRate is ", sampleRate, "; expected at least 1 Hz");
  TORCH_CHECK_VALUE(fftSize >= 4 && fftSize % 4 == 0, "fftSize is ", fftSize,
                    "; expected a multiple of 4");
  TORCH_CHECK_VALUE(mels >= 1, "mels is ", mels, "; expected at least 1 band");
  const int64_t bins = fftSize / 2 + 1;
  // First, as it fails where there is no memory for so many bands.
  at::Tensor triangles = at::zeros({mels, bins}, at::kDouble);
  const double nyquist = static_cast<double>(sampleRate) / 2.0;
  std::vector<double> edges(static_cast<size_t>(mels) + 2);
  for (size_t i = 0; i < edges.size(); ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(mels + 1);
    edges[i] = hertzFromMel(part * melFromHertz(nyquist));
  }
  at::Tensor areas = at::empty({mels, 1}, at::kDouble);
  auto triangle = triangles.accessor<double, 2>();
  auto area = areas.accessor<double, 2>();
  for (int64_t band = 0; band < mels; ++band) {
    const auto i = static_cast<size_t>(band);
    const double lower = edges[i];
    const double center = edges[i + 1];
    const double upper = edges[i + 2];
    area[band][0] = 2.0 / (upper - lower);
    for (int64_t bin = 0; bin < bins; ++bin) {
      const double hertz = nyquist * static_cast<double>(bin) / static_cast<double>(bins - 1);
      const double rising = (hertz - lower) / (center - lower);
      const double falling = (upper - hertz) / (upper - center);
      triangle[band][bin] = std::max(0.0, std::min(rising, falling));
    }
  }
  // Rounded to the dtype before and after the areas come in, as librosa does it: where two quiet
  // spectrograms almost agree, the gradient of |M - M'| hangs on the last bit of the filters.
  return triangles.to(options.dtype()).to(at::kDouble).mul_(areas).to(options);
}

void checkLongEnough(int64_t samples, int64_t fftSize) {
  TORCH_CHECK_VALUE(samples > fftSize / 2, "the signal has ", samples, " samples; an FFT size of ",
                    fftSize, " needs at least ", fftSize / 2 + 1,
                    " (its ends are reflected): take a longer clip or smaller fftSizes");
}

at::Tensor melSpectrogram(const at::Tensor& signal, const at::Tensor& window,
                          const at::Tensor& filterbank) {
  const int64_t fftSize = window.size(0);
  checkLongEnough(signal.size(-1), fftSize);
  const at::Tensor spectrum = centeredStft(signal, window, fftSize / 4);
  const at::Tensor magnitude = flooredMagnitude(spectrum, kLeastPower);  // [batch, frames, bins]
  return at::matmul(filterbank, magnitude.transpose(1, 2));
}

}  // namespace fewsound
