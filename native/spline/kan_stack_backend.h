#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "native/spline/kan_layer.h"

namespace fewsound {

/// What a pass over a stack of KAN layers works on, checked: dense tensors of one floating dtype on
/// one device, whose sizes fit together.
struct KanStackInput {
  at::Tensor x;                    // [..., samples, in]
  std::vector<KanWeights> layers;  // own weights, or one set a sample of a batch: leading [batch]
  SplineGrid grid;
  BaseActivation activation = BaseActivation::kSilu;

  bool batched() const { return layers.front().base.dim() == 3; }
  /// Sets of weights.
  int64_t batch() const { return batched() ? layers.front().base.size(0) : 1; }
  /// Samples for each set.
  int64_t samples() const { return batched() ? x.size(-2) : x.numel() / x.size(-1); }
  /// Whether all sets see the same x.
  bool sharesX() const { return batched() && (x.dim() == 2 || x.size(0) == 1); }
  /// In, and the outputs of each layer: [layers + 1].
  std::vector<int64_t> widths() const;
};

struct KanStackOutput {
  at::Tensor y;  // [batch, samples, out]
  /// What `backward` needs beside the input, laid out as the backend likes; empty unless wanted.
  std::vector<at::Tensor> kept;
};

struct KanStackGradients {
  at::Tensor x;                    // [batch, samples, in]; undefined unless asked for
  std::vector<KanWeights> layers;  // as the weights
};

/// Computes whole stacks on one kind of device. Nothing here is differentiable: autograd is around
/// it.
class KanStackBackend {
 public:
  virtual ~KanStackBackend() = default;
  virtual bool takes(const KanStackInput& input) const = 0;
  virtual KanStackOutput forward(const KanStackInput& input, bool keep) const = 0;
  /// `outputGradient` [batch, samples, out], contiguous.
  virtual KanStackGradients backward(const KanStackInput& input,
                                     const std::vector<at::Tensor>& kept,
                                     const at::Tensor& outputGradient, bool inputNeeded) const = 0;
};

/// The backend for tensors on a device; null where there is none.
const KanStackBackend* kanStackBackend(at::DeviceType device);

}  // namespace fewsound
