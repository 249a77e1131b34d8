// Random stacks of KAN layers, and how far a way to compute them is from the reference.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <random>

#include "native/spline/kan_stack.h"
#include "test/native/gradcheck.h"

namespace fewsound::test {

struct StackCase {
  std::vector<int64_t> width;
  int64_t batch = 0;  // sets of weights; 0: own weights
  int64_t samples = 1;
  bool batchedInput = false;
  bool scaled = true;
  SplineGrid grid{};
  BaseActivation activation = BaseActivation::kSilu;
  at::ScalarType dtype = at::kDouble;

  std::vector<int64_t> leading(bool wanted) const {
    return wanted ? std::vector<int64_t>{std::max<int64_t>(batch, 2)} : std::vector<int64_t>{};
  }
};

inline StackCase randomStack(std::mt19937& random) {
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  StackCase c;
  const int layers = between(1, 4);
  for (int i = 0; i <= layers; ++i) c.width.push_back(between(1, between(0, 4) == 0 ? 70 : 20));
  c.batch = between(0, 1) == 0 ? 0 : between(1, 4);
  c.samples = between(1, between(0, 3) == 0 ? 500 : 100);  // of several blocks, or less than one
  c.batchedInput = between(0, 1) == 1;
  c.scaled = between(0, 1) == 1;
  c.grid = {.intervals = between(1, 20), .order = between(1, 7)};
  if (between(0, 3) == 0) {
    c.grid.lower = -2.0;
    c.grid.upper = 1.5;
  }
  if (between(0, 2) == 0) c.activation = BaseActivation::kTanh;
  return c;
}

/// x first, then the weights, layer by layer.
inline std::vector<at::Tensor> randomInputs(const StackCase& c) {
  const auto shaped = [](std::vector<int64_t> shape, std::initializer_list<int64_t> tail) {
    shape.insert(shape.end(), tail);
    return shape;
  };
  const auto own = c.batch == 0 ? std::vector<int64_t>{} : std::vector<int64_t>{c.batch};
  const auto leaf = [&](const std::vector<int64_t>& shape) {
    return (at::randn(shape, c.dtype) * 0.7).requires_grad_();
  };
  const std::vector<int64_t> sets =
      c.batch == 0 ? c.leading(c.batchedInput) : (c.batchedInput ? own : std::vector<int64_t>{});
  // Inputs reach beyond the extended grid.
  std::vector<at::Tensor> inputs{
      (at::rand(shaped(sets, {c.samples, c.width[0]}), c.dtype) * 6.0 - 3.0).requires_grad_()};
  for (size_t i = 0; i + 1 < c.width.size(); ++i) {
    inputs.push_back(leaf(shaped(own, {c.width[i + 1], c.width[i]})));
    inputs.push_back(leaf(shaped(own, {c.width[i + 1], c.width[i], c.grid.bases()})));
    if (c.scaled) inputs.push_back(leaf(shaped(own, {c.width[i + 1], c.width[i]})));
  }
  return inputs;
}

inline std::vector<KanWeights> layersOf(const StackCase& c, const std::vector<at::Tensor>& inputs) {
  std::vector<KanWeights> layers;
  for (size_t i = 1; i < inputs.size(); i += c.scaled ? 3 : 2) {
    layers.push_back({inputs[i], inputs[i + 1], c.scaled ? inputs[i + 2] : at::Tensor()});
  }
  return layers;
}

using StackFunction = std::function<at::Tensor(const at::Tensor&, const std::vector<KanWeights>&,
                                               const SplineGrid&, BaseActivation)>;

/// Largest difference from the reference in the output and every gradient.
inline double stackDifference(const StackCase& c, const StackFunction& stack) {
  const auto inputs = randomInputs(c);
  const auto layers = layersOf(c, inputs);
  const at::Tensor fused = stack(inputs[0], layers, c.grid, c.activation);
  const at::Tensor reference = kanStackReference(inputs[0], layers, c.grid, c.activation);
  if (fused.sizes() != reference.sizes()) return INFINITY;
  double worst = distance(fused, reference);
  const at::Tensor weight = at::randn_like(fused).detach();
  const auto ours = torch::autograd::grad({fused}, inputs, {weight});
  const auto theirs = torch::autograd::grad({reference}, inputs, {weight});
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (ours[i].sizes() != theirs[i].sizes()) return INFINITY;
    worst = std::max(worst, distance(ours[i], theirs[i]));
  }
  return worst;
}

}  // namespace fewsound::test
