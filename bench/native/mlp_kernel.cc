// How near to the machine's peak (peak.cc) the kernels of native/mlp are, on one thread: products
// of the sizes that a network of 90 features has, and what a sine costs.
//
//   c++ -std=c++20 -O3 -march=native -ffp-contract=fast -I. bench/native/mlp_kernel.cc
//
//   a.out     prints {"map", "pullBack", "weightGradient": GFLOP/s; "sine", "sineCosine",
//             "wavelet": ns a number}, the best of many tries

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#if defined(__AVX512F__)
#define FEWSOUND_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define FEWSOUND_VECTOR_BYTES 32
#else
#define FEWSOUND_VECTOR_BYTES 16
#endif
#define FEWSOUND_VARIANT here
#define FEWSOUND_VARIANT_NAME "here"
#include "native/mlp/cpu/mlp_kernel_impl.h"

namespace {

using namespace fewsound;
using namespace fewsound::cpu;

constexpr const MlpKernel<float>& kKernel = here::kMlpKernel<float>;
constexpr int64_t kWidth = 90;
constexpr int64_t kColumns = 96;  // the width in whole vectors
constexpr int64_t kSamples = kTile<float>;

double processorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Seconds of the processor that one call takes.
template <typename Work>
double fastest(const Work& work) {
  constexpr int kTries = 300;
  constexpr int kCalls = 40;
  double best = 1e30;
  for (int i = 0; i < kTries; ++i) {
    const double start = processorSeconds();
    for (int call = 0; call < kCalls; ++call) work();
    best = std::min(best, (processorSeconds() - start) / kCalls);
  }
  return best;
}

/// Of products [90, depth] · [depth, columns]; counts 90 of every 96 columns.
double gflops(int64_t depth, int64_t columns, int64_t leftStride, int64_t leftStep, bool add) {
  const std::vector<float> left(kColumns * kColumns, 0.01F);
  const std::vector<float> right(depth * columns, 0.01F);
  std::vector<float> sums(kWidth * columns, 0.0F);
  const Product<float> product{.rows = kWidth,
                               .depth = depth,
                               .columns = columns,
                               .left = left.data(),
                               .leftStride = leftStride,
                               .leftStep = leftStep,
                               .right = right.data(),
                               .rightStride = columns,
                               .sums = sums.data(),
                               .sumsStride = columns,
                               .add = add};
  const auto useful = static_cast<double>(columns == kColumns ? kWidth : columns);
  return 2.0 * kWidth * static_cast<double>(depth) * useful /
         fastest([&] { kKernel.multiply(product); }) / 1e9;
}

double sineNanoseconds(bool cosine) {
  constexpr int64_t kCount = kWidth * kSamples;
  std::vector<float> x(kCount);
  for (int64_t i = 0; i < kCount; ++i) x[i] = static_cast<float>(i) * 0.1F - 300.0F;
  std::vector<float> sines(kCount), cosines(kCount);
  const auto work = [&] {
    kKernel.sines(kCount, x.data(), sines.data(), cosine ? cosines.data() : nullptr);
  };
  return fastest(work) / kCount * 1e9;
}

double waveletNanoseconds() {
  constexpr int64_t kCount = kWidth * kSamples;
  std::vector<float> z(2 * kCount, 0.02F), x(2 * kCount);
  const ActivationStep<float> step{.kind = Activation::kGabor,
                                   .count = kCount,
                                   .complex = true,
                                   .omega = 30.0F,
                                   .scaleSquared = 100.0F,
                                   .nextOmega = 0.0F};
  return fastest([&] { kKernel.activate(step, z.data(), x.data(), nullptr); }) / kCount * 1e9;
}

}  // namespace

int main() {
  std::printf(
      "{\"map\": %.1f, \"pullBack\": %.1f, \"weightGradient\": %.1f, \"sine\": %.3f, "
      "\"sineCosine\": %.3f, \"wavelet\": %.3f}\n",
      gflops(kWidth, kSamples, kWidth, 1, false), gflops(kWidth, kSamples, 1, kWidth, false),
      gflops(kSamples, kColumns, kSamples, 1, true), sineNanoseconds(false), sineNanoseconds(true),
      waveletNanoseconds());
  return 0;
}
