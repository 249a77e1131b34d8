#include "native/mlp/cpu/mlp_tile_pass.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

namespace fewsound::cpu {

template <typename T>
MlpTilePass<T>::MlpTilePass(const MlpPlan<T>& plan, const at::TensorOptions& options, bool goesBack,
                            bool inputNeeded)
    : plan_(plan), kernel_(plan.kernel), goesBack_(goesBack) {
  const bool inPlace = plan.activation == Activation::kRelu;
  int64_t widest = 0;  // planes · features
  int64_t columns = 0;
  int64_t mixed = 0;
  for (const MlpLayer& layer : plan.layers) {
    if (layer.threeProducts()) mixed = std::max({mixed, layer.in, layer.out});
    widest = std::max({widest, layer.inPlanes * layer.in, layer.outPlanes * layer.out});
    const int64_t planes = layer.threeProducts() ? 3
                           : layer.inputsAsRows  ? layer.outPlanes
                                                 : layer.inPlanes;
    columns = std::max(columns, planes * MlpPlan<T>::spread(layer.sumStride));
  }
  std::vector<std::pair<T**, int64_t>> parts;  // each pointer and the features behind it
  x_.resize(plan.depth());
  z_.resize(plan.depth());
  takes_.resize(plan.depth());
  gives_.resize(plan.depth());
  T* passed[3] = {};
  if (goesBack) {
    for (int64_t l = 0; l < plan.depth(); ++l) {
      const MlpLayer& layer = plan.layers[l];
      const bool last = l + 1 == plan.depth();
      parts.emplace_back(&x_[l], layer.inPlanes * layer.in);
      if (last || !inPlace) parts.emplace_back(&z_[l], layer.outPlanes * layer.out);
    }
    for (T*& gradient : gradients_) parts.emplace_back(&gradient, widest);
    parts.emplace_back(&transposed_, columns);
    if (inputNeeded && scalesInputs(plan.activation))
      parts.emplace_back(&inputSlopes_, plan.layers[0].in);
  } else {
    for (T*& each : passed) parts.emplace_back(&each, widest);
  }
  for (T*& each : mixed_) parts.emplace_back(&each, mixed);
  int64_t features = 0;
  for (const auto& part : parts) features += part.second;
  // Zeros: vectors run over what is never written, and it should be numbers.
  workspace_ = at::zeros({features * kTile<T>}, options);
  T* next = workspace_.template mutable_data_ptr<T>();
  for (const auto& [pointer, size] : parts) {
    *pointer = next;
    next += size * kTile<T>;
  }
  for (int64_t l = 0; l < plan.depth(); ++l) {
    if (!goesBack) {
      x_[l] = passed[l % 2];
      z_[l] = passed[2];
    }
    if (inPlace && l + 1 < plan.depth()) {
      z_[l] = goesBack ? x_[l + 1] : passed[(l + 1) % 2];
    }
  }
}

template <typename T>
ActivationStep<T> MlpTilePass<T>::stepAfter(int64_t l, const MlpWeights<T>& weights) const {
  const MlpLayer& layer = plan_.layers[l];
  return {.kind = plan_.activation,
          .count = layer.out * kTile<T>,
          .complex = layer.outPlanes == 2,
          .omega = weights.layers[l].omega,
          .scaleSquared = plan_.scaleSquared,
          .nextOmega = weights.layers[l + 1].omega};
}

template <typename T>
void MlpTilePass<T>::takeInput(const MlpWeights<T>& weights, const T* input, int64_t count) {
  const int64_t in = plan_.layers[0].in;
  T* const x = x_[0];
  takes_[0] = x;
  kernel_.transpose(count, in, input, in, x, kTile<T>);
  for (int64_t i = 0; count < kTile<T> && i < in; ++i) {
    // The last sample again, whose gradient will be 0.
    T* const row = x + i * kTile<T>;
    std::fill(row + count, row + kTile<T>, row[count - 1]);
  }
  if (scalesInputs(plan_.activation)) {
    kernel_.scaleInput(plan_.activation, in * kTile<T>, weights.layers[0].omega, x, inputSlopes_);
  }
}

/// z = W x + b.
template <typename T>
void MlpTilePass<T>::mapForward(int64_t l, const typename MlpWeights<T>::Layer& weights, T* z) {
  const MlpLayer& layer = plan_.layers[l];
  const T* const x = takes_[l];
  Product<T> product{.rows = layer.out,
                     .depth = layer.in,
                     .columns = kTile<T>,
                     .left = weights.weight,
                     .leftStride = layer.in,
                     .leftStep = 1,
                     .right = x,
                     .rightStride = kTile<T>,
                     .sums = z,
                     .sumsStride = kTile<T>,
                     .bias = weights.bias};
  kernel_.multiply(product);
  if (layer.inPlanes == 1) return;
  const int64_t size = layer.in * kTile<T>;
  product.bias = nullptr;
  product.left = weights.weight + layer.planeSize();
  product.right = x + size;
  if (!layer.threeProducts()) {
    product.add = true;
    product.sign = T(-1);
    return kernel_.multiply(product);
  }
  T* const imaginary = z + layer.out * kTile<T>;
  product.sums = mixed_[2];
  kernel_.multiply(product);
  kernel_.addPlanes(size, x, x + size, T(1), mixed_[0]);
  product.left = weights.weight + 2 * layer.planeSize();
  product.right = mixed_[0];
  product.sums = imaginary;
  product.bias = weights.bias + 2 * layer.out;  // the real one as well, which goes again with z
  kernel_.multiply(product);
  kernel_.combine(layer.out * kTile<T>, z, imaginary, mixed_[2]);
}

/// The gradient of x from that of z = W x: the conjugate transpose of W times it.
template <typename T>
void MlpTilePass<T>::mapBackward(int64_t l, const typename MlpWeights<T>::Layer& weights,
                                 const T* gradient, T* inputGradient) {
  const MlpLayer& layer = plan_.layers[l];
  Product<T> product{.rows = layer.in,
                     .depth = layer.out,
                     .columns = kTile<T>,
                     .left = weights.weight,
                     .leftStride = 1,
                     .leftStep = layer.in,
                     .right = gradient,
                     .rightStride = kTile<T>,
                     .sums = inputGradient,
                     .sumsStride = kTile<T>};
  kernel_.multiply(product);
  if (layer.inPlanes == 1) return;
  T* const imaginary = inputGradient + layer.in * kTile<T>;
  product.left = weights.weight + layer.planeSize();
  product.sign = T(-1);
  if (!layer.threeProducts()) {
    product.sums = imaginary;
    return kernel_.multiply(product);
  }
  const int64_t size = layer.out * kTile<T>;
  product.right = gradient + size;
  product.sums = mixed_[2];
  kernel_.multiply(product);
  kernel_.addPlanes(size, gradient, gradient + size, T(1), mixed_[0]);
  product.left = weights.weight + 3 * layer.planeSize();
  product.right = mixed_[0];
  product.sums = imaginary;
  product.sign = T(1);
  kernel_.multiply(product);
  kernel_.combine(layer.in * kTile<T>, inputGradient, imaginary, mixed_[2]);
}

/// Adds the gradient of z times the conjugate of x, summed over the samples. Either is transposed,
/// so that vectors run over the outputs or inputs; `rows`, where it is not null, is x so.
template <typename T>
void MlpTilePass<T>::sumWeights(int64_t l, const T* gradient, const T* rows, T* sums) {
  const MlpLayer& layer = plan_.layers[l];
  const T* x[3] = {takes_[l], takes_[l] + layer.in * kTile<T>, mixed_[0]};
  const T* g[3] = {gradient, gradient + layer.out * kTile<T>, mixed_[1]};
  if (layer.threeProducts()) {
    kernel_.addPlanes(layer.in * kTile<T>, x[0], x[1], T(-1), mixed_[0]);
    kernel_.addPlanes(layer.out * kTile<T>, g[0], g[1], T(1), mixed_[1]);
  }
  const int64_t xPlanes = layer.threeProducts() ? 3 : layer.inPlanes;
  const int64_t gPlanes = layer.threeProducts() ? 3 : layer.outPlanes;
  const int64_t columnCount = layer.inputsAsRows ? layer.out : layer.in;
  const int64_t rowCount = layer.inputsAsRows ? layer.in : layer.out;
  const int64_t stride = rows != nullptr ? layer.in : MlpPlan<T>::spread(layer.sumStride);
  const T* const columns = rows != nullptr ? rows : transposed_;
  const int64_t toTranspose = rows != nullptr ? 0 : layer.inputsAsRows ? gPlanes : xPlanes;
  for (int64_t plane = 0; plane < toTranspose; ++plane) {
    kernel_.transpose(columnCount, kTile<T>, layer.inputsAsRows ? g[plane] : x[plane], kTile<T>,
                      transposed_ + plane * stride * kTile<T>, stride);
  }
  for (int64_t plane = 0; plane < layer.sumPlanes; ++plane) {
    // A real gradient goes with both planes of x.
    const int64_t gPlane = std::min(plane, gPlanes - 1);
    kernel_.multiply({.rows = rowCount,
                      .depth = kTile<T>,
                      .columns = layer.sumStride,
                      .left = layer.inputsAsRows ? x[plane] : g[gPlane],
                      .leftStride = kTile<T>,
                      .leftStep = 1,
                      .right = columns + (layer.inputsAsRows ? gPlane : plane) * stride * kTile<T>,
                      .rightStride = stride,
                      .sums = sums + layer.sumsAt + plane * layer.sumRows * layer.sumStride,
                      .sumsStride = layer.sumStride,
                      .add = true,
                      // The imaginary part of a conjugate.
                      .sign = plane == 1 && gPlanes == 1 ? T(-1) : T(1)});
  }
  kernel_.addRowSums(layer.outPlanes * layer.out, gradient, sums + layer.biasSumsAt);
}

/// All layers but the last. `known`: what is kept of the tile has been computed.
template <typename T>
void MlpTilePass<T>::throughHidden(const MlpWeights<T>& weights, const MlpTile& tile, T* kept,
                                   bool known) {
  const bool inPlace = plan_.activation == Activation::kRelu;
  const bool slopes = goesBack_ && scalesInputs(plan_.activation);
  for (int64_t l = 0; l + 1 < plan_.depth(); ++l) {
    T* const keptZ = plan_.keptOf(kept, plan_.layers[l], tile);
    const bool isKept = keptZ != nullptr;
    T* const z = isKept ? keptZ : z_[l];
    T* const x = inPlace ? z : x_[l + 1];
    takes_[l + 1] = x;
    gives_[l] = slopes ? z_[l] : z;
    if (isKept && known && inPlace) continue;
    if (!isKept || !known) mapForward(l, weights.layers[l], z);
    kernel_.activate(stepAfter(l, weights), z, x, slopes ? z_[l] : nullptr);
  }
}

template <typename T>
void MlpTilePass<T>::forward(const MlpWeights<T>& weights, const MlpTile& tile, const T* input,
                             T* output, T* kept) {
  takeInput(weights, input, tile.count);
  throughHidden(weights, tile, kept, /*known=*/false);
  const int64_t last = plan_.depth() - 1;
  mapForward(last, weights.layers[last], z_[last]);
  const int64_t out = plan_.layers[last].out;
  kernel_.transpose(out, tile.count, z_[last], kTile<T>, output, out);
}

template <typename T>
void MlpTilePass<T>::backward(const MlpWeights<T>& weights, const MlpTile& tile, const T* input,
                              T* kept, const T* outputGradient, T* sums, T* inputGradient) {
  const int64_t count = tile.count;
  // Whole vectors of a sample's inputs need no transposing there and back.
  const bool inRows = !plan_.layers[0].inputsAsRows && !scalesInputs(plan_.activation) &&
                      plan_.layers[0].in == plan_.layers[0].sumStride && count == kTile<T>;
  const bool isFirstKept = plan_.keptOf(kept, plan_.layers[0], tile) != nullptr;
  if (!inRows || !isFirstKept) takeInput(weights, input, count);
  throughHidden(weights, tile, kept, /*known=*/true);
  const int64_t out = plan_.layers.back().out;
  T* gradient = gradients_[0];
  T* other = gradients_[1];
  if (count < kTile<T>) std::fill(gradient, gradient + out * kTile<T>, T(0));
  kernel_.transpose(count, out, outputGradient, out, gradient, kTile<T>);
  for (int64_t l = plan_.depth() - 1; l >= 0; --l) {
    sumWeights(l, gradient, l == 0 && inRows ? input : nullptr, sums);
    if (l == 0 && inputGradient == nullptr) return;
    mapBackward(l, weights.layers[l], gradient, other);
    std::swap(gradient, other);
    if (l > 0) {
      kernel_.pullBack(stepAfter(l - 1, weights), gives_[l - 1], takes_[l], gradient,
                       sums + plan_.layers[l - 1].omegaSumsAt);
    }
  }
  const int64_t in = plan_.layers[0].in;
  if (inputSlopes_ != nullptr) {
    for (int64_t at = 0; at < in * kTile<T>; ++at) gradient[at] *= inputSlopes_[at];
  }
  kernel_.transpose(in, count, gradient, kTile<T>, inputGradient, in);
}

template class MlpTilePass<float>;
template class MlpTilePass<double>;

}  // namespace fewsound::cpu
