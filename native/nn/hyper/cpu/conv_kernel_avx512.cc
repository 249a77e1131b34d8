#define FEWSOUND_VARIANT avx512
#define FEWSOUND_VARIANT_NAME "avx512"
#define FEWSOUND_VECTOR_BYTES 64
#include "native/nn/hyper/cpu/conv_kernel_impl.h"
#include "native/nn/hyper/cpu/conv_kernel_variants.h"

namespace fewsound::cpu {

const ConvKernel<float>& avx512ConvFloat() { return avx512::kConvKernel<float>; }
const ConvKernel<double>& avx512ConvDouble() { return avx512::kConvKernel<double>; }

}  // namespace fewsound::cpu
