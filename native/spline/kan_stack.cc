#include "native/spline/kan_stack.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "native/spline/cpu/kan_stack_cpu.h"
#include "native/spline/cuda/kan_stack_cuda.h"
#include "native/spline/kan_stack_function.h"

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

/// Kernels trust these sizes, so all are checked here; where one does not fit, the reference says
/// what is wrong.
bool fitsTogether(const KanStackInput& input) {
  const at::Tensor& x = input.x;
  const auto dtype = x.scalar_type();
  if ((dtype != at::kFloat && dtype != at::kDouble) || x.numel() == 0 || x.dim() < 2) return false;
  if (input.layers.empty()) return false;
  const int64_t dims = input.layers[0].base.dim();
  if ((dims != 2 && dims != 3) || (dims == 3 && x.dim() > 3)) return false;
  const bool scaled = input.layers[0].scale.defined();
  const auto isLike = [&](const at::Tensor& weight, at::IntArrayRef shape) {
    return weight.device() == x.device() && weight.scalar_type() == dtype &&
           weight.sizes() == shape;
  };
  int64_t in = x.size(-1);
  for (const KanWeights& layer : input.layers) {
    if (layer.base.dim() != dims || layer.scale.defined() != scaled) return false;
    std::vector<int64_t> shape = layer.base.sizes().vec();
    if (dims == 3 && shape[0] != input.layers[0].base.size(0)) return false;
    if (shape.back() != in || layer.base.numel() == 0) return false;
    in = layer.base.size(-2);
    const bool edges = isLike(layer.base, shape) && (!scaled || isLike(layer.scale, shape));
    shape.push_back(input.grid.bases());
    if (!edges || !isLike(layer.coefficients, shape)) return false;
  }
  return dims == 2 || x.dim() == 2 || x.size(0) == input.batch() || x.size(0) == 1;
}

}  // namespace

void setKanPath(KanPath path) { chosenPath() = path; }
KanPath kanPath() { return chosenPath(); }

const KanStackBackend* kanStackBackend(at::DeviceType device) {
  if (device == at::kCPU) return &cpu::kanStackBackend();
  return device == at::kCUDA ? cuda::kanStackBackend() : nullptr;
}

at::Tensor kanStackReference(const at::Tensor& x, const std::vector<KanWeights>& layers,
                             const SplineGrid& grid, BaseActivation activation) {
  at::Tensor y = x;
  for (const KanWeights& layer : layers) y = kanLayerReference(y, layer, grid, activation);
  return y;
}

at::Tensor kanStack(const at::Tensor& x, const std::vector<KanWeights>& layers,
                    const SplineGrid& grid, BaseActivation activation) {
  if (kanPath() == KanPath::kFused) {
    const KanStackInput input{.x = x, .layers = layers, .grid = grid, .activation = activation};
    const KanStackBackend* backend = kanStackBackend(x.device().type());
    if (backend != nullptr && fitsTogether(input) && backend->takes(input)) {
      return applyKanStack(*backend, input);
    }
  }
  return kanStackReference(x, layers, grid, activation);
}

}  // namespace fewsound
