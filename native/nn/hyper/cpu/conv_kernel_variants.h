#pragma once

#include "native/nn/hyper/cpu/conv_kernel.h"

namespace fewsound::cpu {

const ConvKernel<float>& plainConvFloat();
const ConvKernel<double>& plainConvDouble();
#if defined(__x86_64__)
const ConvKernel<float>& avx2ConvFloat();
const ConvKernel<double>& avx2ConvDouble();
const ConvKernel<float>& avx512ConvFloat();
const ConvKernel<double>& avx512ConvDouble();
#endif

}  // namespace fewsound::cpu
