// What this machine can do at most: float32 operations and memory traffic, all threads at once.
//
//   peak THREADS     prints {"peakGflops", "bandwidthGBs"}, the best of several tries

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
// NOLINTNEXTLINE(modernize-use-using): GCC takes the attribute on a typedef
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

/// Sums that do not wait for each other: enough for four cycles of latency on two units, few enough
/// for 16 registers.
constexpr int kChains = 10;
constexpr int kTries = 7;

/// Seconds until all threads have done work(thread); the fastest of several tries.
double fastest(int threads, const std::function<void(int)>& work) {
  double best = 1e30;
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> all;
    for (int thread = 0; thread < threads; ++thread) all.emplace_back(work, thread);
    for (std::thread& each : all) each.join();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

/// Multiply-adds in registers.
double gflops(int threads) {
  constexpr long kRounds = 10'000'000;
  std::vector<float> results(threads);
  const double seconds = fastest(threads, [&results](int thread) {
    Vector sums[kChains];
    // Each its own start, or the optimizer would compute one for all.
    for (int i = 0; i < kChains; ++i) sums[i] = Vector{} + static_cast<float>(i);
    Vector factor = Vector{} + 0.5F;
    Vector addend = Vector{} + 1.0F;
    // To the optimizer these may be anything, so that it can fold nothing.
    asm volatile("" : "+x"(factor), "+x"(addend));
    for (long i = 0; i < kRounds; ++i) {
#pragma GCC unroll kChains
      for (Vector& sum : sums) sum = sum * factor + addend;
    }
    for (const Vector& sum : sums) results[thread] += sum[0];
  });
  return 2.0 * kRounds * kChains * kLanes * threads / seconds / 1e9;
}

/// a = b + s·c on arrays beyond every cache; counts the two reads and the write.
double bandwidth(int threads) {
  constexpr size_t kFloats = size_t{32} << 20;
  std::vector<float> a(kFloats, 0.0F);
  std::vector<float> b(kFloats, 1.0F);
  std::vector<float> c(kFloats, 2.0F);
  const double seconds = fastest(threads, [&](int thread) {
    const size_t first = kFloats * thread / threads;
    const size_t last = kFloats * (thread + 1) / threads;
    for (size_t i = first; i < last; ++i) a[i] = b[i] + 3.0F * c[i];
  });
  return 3.0 * kFloats * sizeof(float) / seconds / 1e9;
}

}  // namespace

int main(int count, char** values) {
  const int threads = count > 1 ? std::max(1, std::atoi(values[1])) : 1;
  std::printf("{\"peakGflops\": %.1f, \"bandwidthGBs\": %.2f}\n", gflops(threads),
              bandwidth(threads));
  return 0;
}
