#include "native/nn/kan.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"
#include "native/spline/kan_stack.h"

namespace fewsound {
namespace {

/// Coefficients of minimum norm whose splines pass closest to noise at the knots inside the range.
at::Tensor fitToNoise(const at::Tensor& noise, const SplineGrid& grid) {
  // noise [out, in, intervals + 1]; in double, because the system is badly conditioned for high
  // orders.
  const at::Tensor knots = splineKnots(grid, at::kDouble).narrow(0, grid.order, grid.intervals + 1);
  const at::Tensor bases = splineBases(knots, grid);  // [intervals + 1, intervals + order]
  return at::matmul(noise.to(at::kDouble), at::linalg_pinv(bases).transpose(0, 1))
      .to(noise.scalar_type());
}

SplineGrid checkedGrid(const KanOptions& options) {
  checkLayers(options.layers);
  checkRange("grid", options.grid, 1, 65'536);
  checkRange("order", options.order, 1, 64);
  checkFinite("gridLower", options.gridLower);
  checkFinite("gridUpper", options.gridUpper);
  TORCH_CHECK_VALUE(options.gridLower < options.gridUpper, "gridLower is ", options.gridLower,
                    " and gridUpper ", options.gridUpper, "; expected gridLower below gridUpper");
  checkNotNegative("initNoise", options.initNoise);
  return {.intervals = options.grid,
          .order = options.order,
          .lower = options.gridLower,
          .upper = options.gridUpper};
}

}  // namespace

Kan::Kan(const KanOptions& options)
    : Inr("KAN"),
      grid_(checkedGrid(options)),
      scaleSpline_(options.scaleSpline),
      encoding_(register_module("encoding",
                                std::make_shared<PositionalEncoding>(
                                    options.encoding, options.learnableEncoding, options.dtype))) {
  const Initializer initializer(options);
  const auto stack = register_module("layers", std::make_shared<torch::nn::Module>("layers"));
  const std::vector<int64_t> widths = layerWidths(2 * options.encoding, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t in = widths[i];
    const int64_t out = widths[i + 1];
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    const double noise = 0.5 * options.initNoise / static_cast<double>(options.grid);
    const auto layer =
        stack->register_module(std::to_string(i), std::make_shared<torch::nn::Module>("KanLayer"));
    KanWeights own;
    own.base = layer->register_parameter("base", initializer.uniform({out, in}, bound));
    own.coefficients = layer->register_parameter(
        "coefficients", fitToNoise(initializer.uniform({out, in, options.grid + 1}, noise), grid_));
    if (scaleSpline_) {
      own.scale = layer->register_parameter("scale", initializer.uniform({out, in}, bound));
    }
    layers_.push_back(std::move(own));
  }
}

at::Tensor Kan::encode(const at::Tensor& t) const { return encoding_->forward(t); }

at::Tensor Kan::decode(const at::Tensor& features, const WeightMap* weights) {
  if (!weights) return kanStack(features, layers_, grid_);
  std::vector<KanWeights> given;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string prefix = "layers." + std::to_string(i);
    given.push_back({.base = weights->at(prefix + ".base"),
                     .coefficients = weights->at(prefix + ".coefficients"),
                     .scale = scaleSpline_ ? weights->at(prefix + ".scale") : at::Tensor()});
  }
  return kanStack(features, given, grid_);
}

}  // namespace fewsound
