#define FEWSOUND_VARIANT avx512
#define FEWSOUND_VARIANT_NAME "avx512"
#define FEWSOUND_VECTOR_BYTES 64
#include "native/audio/cpu/fft_kernel_impl.h"
#include "native/audio/cpu/fft_kernel_variants.h"

namespace fewsound::cpu {

const FftKernel<float>& avx512FftFloat() { return avx512::kFftKernel<float>; }
const FftKernel<double>& avx512FftDouble() { return avx512::kFftKernel<double>; }

}  // namespace fewsound::cpu
