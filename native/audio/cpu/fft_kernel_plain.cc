#define FEWSOUND_VARIANT plain
#define FEWSOUND_VARIANT_NAME "plain"
#define FEWSOUND_VECTOR_BYTES 16
#include "native/audio/cpu/fft_kernel_impl.h"
#include "native/audio/cpu/fft_kernel_variants.h"

namespace fewsound::cpu {

const FftKernel<float>& plainFftFloat() { return plain::kFftKernel<float>; }
const FftKernel<double>& plainFftDouble() { return plain::kFftKernel<double>; }

}  // namespace fewsound::cpu
