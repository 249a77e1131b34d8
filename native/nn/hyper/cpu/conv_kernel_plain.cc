#define FEWSOUND_VARIANT plain
#define FEWSOUND_VARIANT_NAME "plain"
#define FEWSOUND_VECTOR_BYTES 16
#include "native/nn/hyper/cpu/conv_kernel_impl.h"
#include "native/nn/hyper/cpu/conv_kernel_variants.h"

namespace fewsound::cpu {

const ConvKernel<float>& plainConvFloat() { return plain::kConvKernel<float>; }
const ConvKernel<double>& plainConvDouble() { return plain::kConvKernel<double>; }

}  // namespace fewsound::cpu
