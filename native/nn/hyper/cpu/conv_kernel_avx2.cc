#define FEWSOUND_VARIANT avx2
#define FEWSOUND_VARIANT_NAME "avx2"
#define FEWSOUND_VECTOR_BYTES 32
#include "native/nn/hyper/cpu/conv_kernel_impl.h"
#include "native/nn/hyper/cpu/conv_kernel_variants.h"

namespace fewsound::cpu {

const ConvKernel<float>& avx2ConvFloat() { return avx2::kConvKernel<float>; }
const ConvKernel<double>& avx2ConvDouble() { return avx2::kConvKernel<double>; }

}  // namespace fewsound::cpu
