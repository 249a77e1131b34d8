#pragma once

#include "native/audio/cpu/fft_kernel.h"

namespace fewsound::cpu {

const FftKernel<float>& plainFftFloat();
const FftKernel<double>& plainFftDouble();
#if defined(__x86_64__)
const FftKernel<float>& avx2FftFloat();
const FftKernel<double>& avx2FftDouble();
const FftKernel<float>& avx512FftFloat();
const FftKernel<double>& avx512FftDouble();
#endif

}  // namespace fewsound::cpu
