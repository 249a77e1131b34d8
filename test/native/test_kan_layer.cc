#include <ATen/ATen.h>

#include "native/spline/kan_layer.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;

namespace {

constexpr SplineGrid kGrid{.intervals = 4, .order = 3};
constexpr int64_t kIn = 3;
constexpr int64_t kOut = 2;

at::Tensor values(at::IntArrayRef shape, double phase) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::arange(count, at::kDouble).mul(0.7).add(phase).sin().mul(0.9).view(shape);
}

KanWeights weightsOf(const std::vector<at::Tensor>& inputs) {
  return {.base = inputs[1],
          .coefficients = inputs[2],
          .scale = inputs.size() > 3 ? inputs[3] : at::Tensor()};
}

/// x, base, coefficients, scale; `leading` is empty for own weights, {batch} for weights per
/// sample.
std::vector<at::Tensor> makeInputs(std::vector<int64_t> leading, at::IntArrayRef xShape) {
  const auto shaped = [&](std::vector<int64_t> tail) {
    std::vector<int64_t> shape = leading;
    shape.insert(shape.end(), tail.begin(), tail.end());
    return shape;
  };
  return {values(xShape, 0.1), values(shaped({kOut, kIn}), 0.2),
          values(shaped({kOut, kIn, kGrid.bases()}), 0.3), values(shaped({kOut, kIn}), 0.4)};
}

/// The layer's output, summed with weights.
template <BaseActivation activation>
at::Tensor layerLoss(const std::vector<at::Tensor>& inputs) {
  const at::Tensor y = kanLayer(inputs[0], weightsOf(inputs), kGrid, activation);
  return (y * values(y.sizes(), 1.0)).sum() + y.square().sum();
}

constexpr auto siluLoss = layerLoss<BaseActivation::kSilu>;
constexpr auto tanhLoss = layerLoss<BaseActivation::kTanh>;

at::Tensor siluLayer(const at::Tensor& x, const KanWeights& weights) {
  return kanLayer(x, weights, kGrid, BaseActivation::kSilu);
}

}  // namespace

TEST(layerIsTheSumOfItsEdges) {
  const auto inputs = makeInputs({}, {5, kIn});
  const KanWeights weights = weightsOf(inputs);
  for (const BaseActivation activation : {BaseActivation::kSilu, BaseActivation::kTanh}) {
    const at::Tensor y = kanLayer(inputs[0], weights, kGrid, activation);
    CHECK(y.sizes() == at::IntArrayRef({5, kOut}));
    for (int64_t sample = 0; sample < 5; ++sample) {
      for (int64_t out = 0; out < kOut; ++out) {
        double sum = 0.0;
        for (int64_t in = 0; in < kIn; ++in) {
          const at::Tensor x = inputs[0][sample][in];
          const at::Tensor base = activation == BaseActivation::kTanh ? x.tanh() : at::silu(x);
          const at::Tensor spline = splineBases(x, kGrid).dot(weights.coefficients[out][in]);
          sum += (weights.base[out][in] * base + weights.scale[out][in] * spline).item<double>();
        }
        CHECK_CLOSE(y[sample][out].item<double>(), sum, 1e-13);
      }
    }
  }
}

TEST(withoutScaleTheCoefficientsAreTakenAsTheyAre) {
  auto inputs = makeInputs({}, {5, kIn});
  const KanWeights plain{inputs[1], inputs[2], {}};
  const KanWeights ones{inputs[1], inputs[2], at::ones_like(inputs[1])};
  CHECK(test::distance(siluLayer(inputs[0], plain), siluLayer(inputs[0], ones)) < 1e-14);
}

TEST(eachSampleOfABatchUsesItsOwnWeights) {
  const auto inputs = makeInputs({4}, {4, 5, kIn});
  const at::Tensor y = siluLayer(inputs[0], weightsOf(inputs));
  CHECK(y.sizes() == at::IntArrayRef({4, 5, kOut}));
  for (int64_t i = 0; i < 4; ++i) {
    const KanWeights one{inputs[1][i], inputs[2][i], inputs[3][i]};
    CHECK(test::distance(y[i], siluLayer(inputs[0][i], one)) < 1e-13);
    CHECK(test::distance(siluLayer(inputs[0][0], weightsOf(inputs))[i],
                         siluLayer(inputs[0][0], one)) < 1e-13);
  }
}

TEST(aBatchMayShareTheLayersOwnWeights) {
  const auto inputs = makeInputs({}, {4, 5, kIn});
  const at::Tensor y = siluLayer(inputs[0], weightsOf(inputs));
  CHECK(test::distance(y[2], siluLayer(inputs[0][2], weightsOf(inputs))) < 1e-13);
}

TEST(gradientsAgreeWithDifferences) {
  CHECK(test::gradientError(siluLoss, makeInputs({}, {5, kIn})) < 1e-7);
  CHECK(test::gradientError(siluLoss, makeInputs({2}, {2, 5, kIn})) < 1e-7);
  CHECK(test::gradientError(siluLoss, makeInputs({2}, {5, kIn})) < 1e-7);
  auto withoutScale = makeInputs({}, {5, kIn});
  withoutScale.pop_back();
  CHECK(test::gradientError(siluLoss, withoutScale) < 1e-7);
  CHECK(test::gradientError(tanhLoss, makeInputs({}, {5, kIn})) < 1e-7);
}

TEST(gradientsCanBeDifferentiatedAgain) {
  CHECK(test::secondGradientError(siluLoss, makeInputs({}, {3, kIn})) < 1e-6);
  CHECK(test::secondGradientError(siluLoss, makeInputs({2}, {2, 3, kIn})) < 1e-6);
  CHECK(test::secondGradientError(tanhLoss, makeInputs({}, {3, kIn})) < 1e-6);
}

TEST(singlePrecisionFollowsDouble) {
  const auto inputs = makeInputs({}, {500, kIn});
  std::vector<at::Tensor> narrow;
  narrow.reserve(inputs.size());
  for (const at::Tensor& input : inputs) narrow.push_back(input.to(at::kFloat));
  const at::Tensor y = siluLayer(narrow[0], weightsOf(narrow));
  CHECK(y.scalar_type() == at::kFloat);
  CHECK(test::distance(y.to(at::kDouble), siluLayer(inputs[0], weightsOf(inputs))) < 1e-5);
}
