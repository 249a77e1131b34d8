#include "native/nn/kan.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "native/nn/initializer.h"
#include "native/nn/option_checks.h"
#include "native/spline/kan_stack.h"

namespace fewsound {
namespace {

/// Takes values at the knots inside the range to the coefficients of minimum norm whose spline
/// passes closest to them: values [..., intervals + 1] · result [intervals + 1, intervals + order].
at::Tensor coefficientsOfKnotValues(const SplineGrid& grid) {
  // In double, because the bases of high orders are nearly dependent.
  const at::Tensor knots = splineKnots(grid, at::kDouble).narrow(0, grid.order, grid.intervals + 1);
  return at::linalg_pinv(splineBases(knots, grid)).transpose(0, 1);
}

SplineGrid checkedGrid(const KanOptions& options) {
  checkLayers(options.layers);
  checkRange("grid", options.grid, 1, 1024);  // the fit of the initial splines is cubic in it
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
  const at::Tensor toCoefficients = coefficientsOfKnotValues(grid_);
  const double noiseBound = 0.5 * options.initNoise / static_cast<double>(options.grid);
  const std::vector<int64_t> widths = layerWidths(2 * options.encoding, options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t in = widths[i];
    const int64_t out = widths[i + 1];
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    const auto layer =
        stack->register_module(std::to_string(i), std::make_shared<torch::nn::Module>("KanLayer"));
    KanWeights own;
    own.base = layer->register_parameter("base", initializer.uniform({out, in}, bound));
    const at::Tensor noise = initializer.uniform({out, in, options.grid + 1}, noiseBound);
    own.coefficients = layer->register_parameter(
        "coefficients", at::matmul(noise.to(at::kDouble), toCoefficients).to(options.dtype));
    if (scaleSpline_) {
      own.scale = layer->register_parameter("scale", initializer.uniform({out, in}, bound));
    }
    layers_.push_back(std::move(own));
  }
}

at::Tensor Kan::encode(const at::Tensor& t) const { return encoding_->forward(t); }

at::Tensor Kan::encode(const at::Tensor& t, const WeightMap& weights) const {
  return encoding_->forward(t, weights, "encoding.frequencies");
}

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
