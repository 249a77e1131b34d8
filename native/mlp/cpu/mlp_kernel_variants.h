#pragma once

#include "native/mlp/cpu/mlp_kernel.h"

namespace fewsound::cpu {

const MlpKernel<float>& plainMlpFloat();
const MlpKernel<double>& plainMlpDouble();
#if defined(__x86_64__)
const MlpKernel<float>& avx2MlpFloat();
const MlpKernel<double>& avx2MlpDouble();
const MlpKernel<float>& avx512MlpFloat();
const MlpKernel<double>& avx512MlpDouble();
#endif

}  // namespace fewsound::cpu
