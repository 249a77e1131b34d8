#define FEWSOUND_VARIANT avx2
#define FEWSOUND_VARIANT_NAME "avx2"
#define FEWSOUND_VECTOR_BYTES 32
#include "native/audio/cpu/fft_kernel_impl.h"
#include "native/audio/cpu/fft_kernel_variants.h"

namespace fewsound::cpu {

const FftKernel<float>& avx2FftFloat() { return avx2::kFftKernel<float>; }
const FftKernel<double>& avx2FftDouble() { return avx2::kFftKernel<double>; }

}  // namespace fewsound::cpu
