#include "native/audio/real_fft512.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace fewsound {

RealFft512::RealFft512() noexcept {
  for (std::size_t i = 0; i < kHalf; ++i) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(i) / kSize;
    cosines_[i] = std::cos(angle);
    sines_[i] = -std::sin(angle);
  }
}

// Even and odd samples as the parts of 256 complex numbers, whose spectrum holds both of theirs
// (Press et al., Numerical Recipes, section 12.3).
void RealFft512::operator()(const std::array<double, kSize>& samples,
                            Spectrum& spectrum) const noexcept {
  Half real;
  Half imaginary;
  for (std::size_t i = 0; i < kHalf; ++i) {
    real[i] = samples[2 * i];
    imaginary[i] = samples[2 * i + 1];
  }
  transformHalf(real, imaginary);
  spectrum.real[0] = real[0] + imaginary[0];
  spectrum.imaginary[0] = 0.0;
  spectrum.real[kHalf] = real[0] - imaginary[0];
  spectrum.imaginary[kHalf] = 0.0;
  for (std::size_t bin = 1; bin < kHalf; ++bin) {
    const std::size_t mirror = kHalf - bin;
    const double evenReal = (real[bin] + real[mirror]) / 2.0;
    const double evenImaginary = (imaginary[bin] - imaginary[mirror]) / 2.0;
    const double oddReal = (imaginary[bin] + imaginary[mirror]) / 2.0;
    const double oddImaginary = (real[mirror] - real[bin]) / 2.0;
    const double wr = cosines_[bin];
    const double wi = sines_[bin];
    spectrum.real[bin] = evenReal + oddReal * wr - oddImaginary * wi;
    spectrum.imaginary[bin] = evenImaginary + oddReal * wi + oddImaginary * wr;
  }
}

// Stockham's form, radix 2: no reordering, and the innermost loops run over neighbours.
void RealFft512::transformHalf(Half& real, Half& imaginary) const noexcept {
  Half otherReal;
  Half otherImaginary;
  double* xr = real.data();
  double* xi = imaginary.data();
  double* yr = otherReal.data();
  double* yi = otherImaginary.data();
  std::size_t stride = 1;
  // Eight stages: what is swapped after each is in its own place in the end.
  for (std::size_t half = kHalf / 2; half >= 1; half /= 2, stride *= 2) {
    for (std::size_t j = 0; j < half; ++j) {
      const double wr = cosines_[2 * j * stride];
      const double wi = sines_[2 * j * stride];
      const double* ar = xr + j * stride;
      const double* ai = xi + j * stride;
      const double* br = ar + half * stride;
      const double* bi = ai + half * stride;
      double* sumReal = yr + 2 * j * stride;
      double* sumImaginary = yi + 2 * j * stride;
#pragma omp simd
      for (std::size_t k = 0; k < stride; ++k) {
        const double dr = ar[k] - br[k];
        const double di = ai[k] - bi[k];
        sumReal[k] = ar[k] + br[k];
        sumImaginary[k] = ai[k] + bi[k];
        sumReal[k + stride] = dr * wr - di * wi;
        sumImaginary[k + stride] = dr * wi + di * wr;
      }
    }
    std::swap(xr, yr);
    std::swap(xi, yi);
  }
}

}  // namespace fewsound
