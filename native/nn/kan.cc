#include "native/nn/kan.h"

#include <ATen/ATen.h>

#include <array>
#include <string>

#include "native/nn/initializer.h"
#include "native/spline/kan_stack.h"

namespace fewsound {
namespace {

constexpr std::array kBaseActivations{"silu", "tanh"};

/// Takes values at the knots inside the range to the coefficients of minimum norm whose spline
/// passes closest to them: values [..., intervals + 1] · result [intervals + 1, intervals + order].
at::Tensor coefficientsOfKnotValues(const SplineGrid& grid) {
  // In double, because the bases of high orders are nearly dependent.
  const at::Tensor knots = splineKnots(grid, at::kDouble).narrow(0, grid.order, grid.intervals + 1);
  return at::linalg_pinv(splineBases(knots, grid)).transpose(0, 1);
}

SplineGrid checkedGrid(const KanOptions& options) {
  checkOptions(options);
  return {.intervals = options.grid,
          .order = options.order,
          .lower = options.gridRange.lower,
          .upper = options.gridRange.upper};
}

}  // namespace

void fields(OptionVisitor& visit, KanOptions& options) {
  visit(hiddenLayers("paper 1, section 4.3"), options.layers, kHiddenLayers);
  encodingFields(visit, options.encoding, options.learnableEncoding, options.encodingFrequencies,
                 "paper 1, Table 7; NeRF's encoding");
  visit({.name = "grid",
         .meaning = "Grid size G: intervals of each spline.",
         .source = "paper 1, Table 10",
         .flag = Flag{"<intervals>"}},
        options.grid, kGridSizes);
  visit({.name = "order",
         .meaning = "Order k of the splines: degree of their pieces.",
         .source = "the best of paper 1, Table 9",
         .flag = Flag{"<degree>"}},
        options.order, kSplineOrders);
  visit(
      {.name = "gridRange",
       .meaning = "What the spline grid covers, before it is extended by k intervals at each end.",
       .flag = Flag{.value = "<from,to>", .help = "what the spline grid covers"}},
      options.gridRange);
  visit({.name = "scaleSpline",
         .meaning = "A learnable factor w_s before each spline.",
         .source = "paper 1, Table 17",
         .flag = Flag{.help = "no learnable scale before each spline"}},
        options.scaleSpline);
  visit({.name = "initNoise",
         .meaning = "The splines start as the fit to noise U(-1/2, 1/2)·initNoise/G.",
         .source = "Liu et al. 2024, \"KAN\"",
         .flag = Flag{.value = "<amount>", .help = "amount of noise that the splines start from"}},
        options.initNoise, kNotNegative);
  visit({.name = "baseActivation",
         .meaning = "What is beside the spline on an edge, with a weight of its own.",
         .source = "Liu et al. 2024, \"KAN\"; paper 1 has it from there",
         .flag = Flag{.value = "<name>"}},
        options.baseActivation, Choice{kBaseActivations});
  fields(visit, static_cast<InrOptions&>(options));
}

Kan::Kan(const KanOptions& options)
    : Inr("KAN", options),
      grid_(checkedGrid(options)),
      scaleSpline_(options.scaleSpline),
      activation_(options.baseActivation),
      exactFrequencies_(encodingFrequencies(options.encoding, options.encodingFrequencies)),
      encoding_(register_module("encoding",
                                std::make_shared<PositionalEncoding>(
                                    exactFrequencies_, options.learnableEncoding, options.dtype))) {
  const Initializer initializer(options);
  const auto stack = register_module("layers", std::make_shared<torch::nn::Module>("layers"));
  const at::Tensor toCoefficients =
      initializer.hasMemory() ? coefficientsOfKnotValues(grid_)
                              : at::empty({options.grid + 1, options.grid + options.order},
                                          at::TensorOptions(at::kMeta).dtype(at::kDouble));
  const double noiseBound = 0.5 * options.initNoise / static_cast<double>(options.grid);
  const std::vector<int64_t> widths = layerWidths(2 * exactFrequencies_.size(0), options.layers);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t in = widths[i];
    const int64_t out = widths[i + 1];
    const double bound = usualBound(in);
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
  if (!weights) return kanStack(features, layers_, grid_, activation_);
  std::vector<KanWeights> given;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string prefix = "layers." + std::to_string(i);
    given.push_back({.base = weights->at(prefix + ".base"),
                     .coefficients = weights->at(prefix + ".coefficients"),
                     .scale = scaleSpline_ ? weights->at(prefix + ".scale") : at::Tensor()});
  }
  return kanStack(features, given, grid_, activation_);
}

}  // namespace fewsound
