#pragma once

#include "native/spline/cpu/kan_kernel.h"

namespace fewsound::cpu {

const KanKernel<float>& plainFloat();
const KanKernel<double>& plainDouble();
#if defined(__x86_64__)
const KanKernel<float>& avx2Float();
const KanKernel<double>& avx2Double();
const KanKernel<float>& avx512Float();
const KanKernel<double>& avx512Double();
#endif

}  // namespace fewsound::cpu
