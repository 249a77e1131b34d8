#include "native/spline/kan_stack.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "native/spline/cpu/kan_stack_cpu.h"

namespace fewsound {
namespace {

std::atomic<KanPath>& chosenPath() {
  static std::atomic<KanPath> path = [] {
    const char* asked = std::getenv("FEWSOUND_KAN");
    return asked != nullptr && std::string_view(asked) == "reference" ? KanPath::kReference
                                                                      : KanPath::kFused;
  }();
  return path;
}

}  // namespace

void setKanPath(KanPath path) { chosenPath() = path; }
KanPath kanPath() { return chosenPath(); }

at::Tensor kanStackReference(const at::Tensor& x, const std::vector<KanWeights>& layers,
                             const SplineGrid& grid) {
  at::Tensor y = x;
  for (const KanWeights& layer : layers) y = kanLayerReference(y, layer, grid);
  return y;
}

at::Tensor kanStack(const at::Tensor& x, const std::vector<KanWeights>& layers,
                    const SplineGrid& grid) {
  if (kanPath() == KanPath::kFused && cpu::canFuse(x, layers, grid)) {
    return cpu::kanStackFused(x, layers, grid);
  }
  return kanStackReference(x, layers, grid);
}

}  // namespace fewsound
