#include <ATen/ATen.h>

#include <limits>

#include "native/nn/finer.h"
#include "native/nn/kan.h"
#include "native/nn/nerf.h"
#include "native/nn/networks.h"
#include "native/nn/rff.h"
#include "native/nn/siren.h"
#include "native/nn/wire.h"
#include "native/spline/bspline.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;

namespace {

/// Every kind, small, in float64, from one seed.
std::vector<AnyInrOptions> smallNetworks(uint64_t seed) {
  InrOptions common;
  common.seed = seed;
  common.dtype = at::kDouble;
  const std::vector<int64_t> layers{4, 3};
  return {
      KanOptions{common, layers, /*encoding=*/3, false, /*grid=*/4, /*order=*/3},
      NerfOptions{common, layers, /*encoding=*/3},
      SirenOptions{common, layers, /*omega0=*/5.0, /*omega=*/2.0, /*learnableOmega=*/true, false},
      FinerOptions{common, layers, /*omega0=*/5.0, /*omega=*/2.0, false, /*biasScale=*/1.0},
      RffOptions{common, layers, /*frequencies=*/3, /*sigma=*/1.0},
      WireOptions{common, layers, /*omega0=*/2.0, /*omega=*/2.0, /*scale=*/1.0, true},
  };
}

at::Tensor times(int64_t samples) {
  return at::linspace(-1.0, 0.97, samples, at::kDouble).unsqueeze(1);
}

std::vector<at::Tensor> valuesOf(const Inr& network) {
  std::vector<at::Tensor> values = network.parameters();
  for (const at::Tensor& buffer : network.buffers()) values.push_back(buffer);
  return values;
}

int64_t kanCount(std::vector<int64_t> layers, int64_t encoding, int64_t grid, int64_t order) {
  KanOptions options;
  options.layers = std::move(layers);
  options.encoding = encoding;
  options.grid = grid;
  options.order = order;
  return makeInr(options)->parameterCount();
}

WeightMap repeated(const Inr& network, int64_t batch) {
  WeightMap weights;
  const auto parameters = network.named_parameters();
  for (const WeightSlot& slot : network.weightLayout()) {
    weights[slot.name] = at::stack(std::vector<at::Tensor>(batch, parameters[slot.name].detach()));
  }
  return weights;
}

}  // namespace

TEST(amplitudeHasTheShapeOfTime) {
  for (const AnyInrOptions& options : smallNetworks(1)) {
    const auto network = makeInr(options);
    CHECK(network->forward(times(7)).sizes() == at::IntArrayRef({7, 1}));
    const at::Tensor batch = at::stack({times(7), times(7).neg()});
    const at::Tensor y = network->forward(batch);
    CHECK(y.sizes() == at::IntArrayRef({2, 7, 1}));
    CHECK(test::distance(y[1], network->forward(batch[1])) < 1e-12);
    CHECK(y.scalar_type() == at::kDouble);
  }
}

TEST(oneSeedGivesOneNetworkAnotherSeedAnother) {
  const auto first = smallNetworks(7);
  const auto other = smallNetworks(8);
  for (size_t i = 0; i < first.size(); ++i) {
    const auto a = makeInr(first[i]);
    at::rand({10});  // the process-wide generator has no say
    const auto b = makeInr(first[i]);
    const auto c = makeInr(other[i]);
    const auto valuesA = valuesOf(*a);
    const auto valuesB = valuesOf(*b);
    bool allEqual = true;
    for (size_t j = 0; j < valuesA.size(); ++j) allEqual = allEqual && valuesA[j].equal(valuesB[j]);
    CHECK(allEqual);
    CHECK(!valuesA.front().equal(valuesOf(*c).front()) || !valuesA[1].equal(valuesOf(*c)[1]));
    CHECK(a->forward(times(9)).equal(b->forward(times(9))));
  }
}

TEST(gradientsOfAllParametersAgreeWithDifferences) {
  const auto all = smallNetworks(3);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto network = makeInr(all[i]);
    const at::Tensor t = times(11);
    const auto loss = [&] { return (network->forward(t) * t.cos()).sum(); };
    auto parameters = network->parameters();
    const bool isFiner = all[i].kind() == std::string("finer");
    // FINER takes a factor of every layer's input as a constant: only its last layer, whose input
    // does not depend on its own weights, has the plain derivative.
    if (isFiner) parameters.erase(parameters.begin(), parameters.end() - 2);
    const auto gradients = torch::autograd::grad({loss()}, parameters);
    for (size_t p = 0; p < parameters.size(); ++p) {
      const at::Tensor parameter = parameters[p].detach();
      const at::Tensor flat =
          (parameter.is_complex() ? at::view_as_real(parameter) : parameter).view(-1);
      const at::Tensor gradient =
          (gradients[p].is_complex() ? at::view_as_real(gradients[p]) : gradients[p]).reshape(-1);
      for (int64_t j = 0; j < flat.numel(); ++j) {
        const double kept = flat[j].item<double>();
        flat[j].fill_(kept + 1e-5);
        const double above = loss().item<double>();
        flat[j].fill_(kept - 1e-5);
        const double below = loss().item<double>();
        flat[j].fill_(kept);
        CHECK_CLOSE(gradient[j].item<double>(), (above - below) / 2e-5, 1e-7);
      }
    }
  }
}

TEST(amplitudeCanBeDifferentiatedTwiceInTime) {
  for (const AnyInrOptions& options : smallNetworks(4)) {
    if (options.kind() == std::string("finer")) continue;  // not its plain derivative
    const auto network = makeInr(options);
    const auto sum = [&](const std::vector<at::Tensor>& inputs) {
      return (network->forward(inputs[0]) * times(5).exp()).sum();
    };
    const at::Tensor t =
        times(5) * 0.93;  // at -1 the encoding lies on a knot, where splines have a kink
    CHECK(test::gradientError(sum, {t}) < 1e-7);
    CHECK(test::secondGradientError(sum, {t}) < 1e-6);
  }
}

TEST(finerTakesItsFactorAsAConstant) {
  // One hidden unit: y = w1 o (|u| + 1) u + b1 with u = sin(w0 o0 (|t| + 1) t + b0).
  FinerOptions options;
  options.dtype = at::kDouble;
  options.layers = {1};
  options.omega0 = 3.0;
  options.omega = 2.0;
  const auto network = makeInr(options);
  const auto parameters = network->named_parameters();
  const auto value = [&](const char* name) { return parameters[name].item<double>(); };
  const double t = 0.4;
  const double scaled = 3.0 * (std::abs(t) + 1.0) * t;
  const double phase = value("layers.0.weight") * scaled + value("layers.0.bias");
  const double u = std::sin(phase);
  const double factor = 2.0 * (std::abs(u) + 1.0);
  const at::Tensor y = network->forward(at::full({1, 1}, t, at::kDouble));
  CHECK_CLOSE(y.item<double>(), value("layers.1.weight") * factor * u + value("layers.1.bias"),
              1e-14);
  const auto gradient = torch::autograd::grad({y}, {parameters["layers.0.weight"]})[0];
  CHECK_CLOSE(gradient.item<double>(), value("layers.1.weight") * factor * std::cos(phase) * scaled,
              1e-14);
}

TEST(parameterCountsAreThoseOfThePaper) {
  const std::vector<int64_t> base{48, 24, 12};
  CHECK(kanCount(base, 10, 10, 2) == 33768);
  CHECK(kanCount(base, 8, 10, 2) == 31080);
  CHECK(kanCount(base, 2, 10, 2) == 23016);
  CHECK(kanCount(base, 24, 10, 2) == 52584);
  CHECK(kanCount({96, 48, 24}, 8, 10, 2) == 102480);
  CHECK(kanCount({24, 24, 12, 6}, 8, 10, 2) == 18564);
  CHECK(kanCount(base, 8, 10, 7) == 42180);
  CHECK(kanCount(base, 8, 1, 2) == 11100);
  CHECK(kanCount(base, 8, 17, 2) == 46620);
  CHECK(makeInr(NerfOptions{})->parameterCount() == 33261);
  CHECK(makeInr(SirenOptions{})->parameterCount() == 31191);
  CHECK(makeInr(FinerOptions{})->parameterCount() == 31191);
  CHECK(makeInr(WireOptions{})->parameterCount() == 31191);
  CHECK(makeInr(RffOptions{})->parameterCount() == 39201);
}

TEST(initialWeightsKeepTheirBounds) {
  const auto bound = [](const Inr& network, const char* name) {
    return network.named_parameters()[name].abs().max().item<double>();
  };
  const auto kan = makeInr(KanOptions{});
  CHECK_CLOSE(bound(*kan, "layers.0.base"), 1.0 / std::sqrt(20.0), 0.01);
  CHECK_CLOSE(bound(*kan, "layers.1.scale"), 1.0 / std::sqrt(48.0), 0.01);
  CHECK(bound(*kan, "layers.0.coefficients") < 0.05);
  const auto siren = makeInr(SirenOptions{});
  CHECK_CLOSE(bound(*siren, "layers.0.weight"), 1.0, 0.1);
  CHECK_CLOSE(bound(*siren, "layers.1.weight"), std::sqrt(6.0 / 90.0) / 2000.0, 1e-6);
  const auto finer = makeInr(FinerOptions{});
  CHECK_CLOSE(bound(*finer, "layers.0.bias"), 5.0, 0.5);
  CHECK_CLOSE(bound(*finer, "layers.1.weight"), std::sqrt(6.0 / 90.0) / 30.0, 1e-4);
}

TEST(initialSplinesPassThroughTheNoiseAtTheKnots) {
  // As many coefficients as knots and one more fit them exactly; the noise is at most 0.05 / grid.
  const auto kan = makeInr(KanOptions{});
  const at::Tensor coefficients = kan->named_parameters()["layers.0.coefficients"].detach();
  const SplineGrid grid{.intervals = 10, .order = 3};
  const at::Tensor bases = splineBases(at::linspace(-1.0, 1.0, 11), grid);
  const double largest = at::matmul(coefficients, bases.t()).abs().max().item<double>();
  CHECK(largest > 0.0045 && largest < 0.00501);
}

TEST(givenWeightsReplaceTheOwnOnes) {
  for (const AnyInrOptions& options : smallNetworks(5)) {
    const auto network = makeInr(options);
    if (!network->acceptsWeights()) {
      CHECK_THROWS(network->forward(times(4), {}), "takes no weights per sample");
      continue;
    }
    WeightMap weights = repeated(*network, 2);
    const at::Tensor own = network->forward(times(6));
    const at::Tensor y = network->forward(times(6), weights);
    CHECK(y.sizes() == at::IntArrayRef({2, 6, 1}));
    CHECK(test::distance(y[1], own) < 1e-12);
    const std::string name = network->weightLayout().front().name;
    weights[name][0].zero_();
    const at::Tensor changed = network->forward(at::stack({times(6), times(6)}), weights);
    CHECK(test::distance(changed[1], own) < 1e-12);
    CHECK(test::distance(changed[0], own) > 1e-6);
    weights.erase(name);
    CHECK_THROWS(network->forward(times(6), weights), "weights lack \"" + name);
    weights[name] = at::zeros({3}, at::kDouble);
    CHECK_THROWS(network->forward(times(6), weights), "has shape [3]");
  }
}

TEST(weightLayoutLeavesOutFrequenciesAndOmegas) {
  KanOptions kan;
  kan.layers = {4};
  kan.learnableEncoding = true;
  const auto network = makeInr(kan);
  CHECK(network->named_parameters().contains("encoding.frequencies"));
  const auto layout = network->weightLayout();
  CHECK(layout.size() == 6);
  CHECK(layout[0].name == "layers.0.base" && layout[1].name == "layers.0.coefficients");
  CHECK(layout[2].name == "layers.0.scale");
  CHECK(layout[1].shape == std::vector<int64_t>({4, 20, 13}));
  SirenOptions siren;
  siren.learnableOmega = true;
  CHECK(makeInr(siren)->named_parameters().contains("layers.0.omega"));
  CHECK(makeInr(siren)->weightLayout().size() == 12);
}

TEST(networksMoveToAnotherPrecision) {
  for (const AnyInrOptions& options : smallNetworks(6)) {
    const auto network = makeInr(options);
    const at::Tensor before = network->forward(times(6));
    network->to(at::kFloat);
    network->to(at::kDouble);
    CHECK(test::distance(network->forward(times(6)), before) < 1e-4);
  }
}

TEST(wrongTimesAreErrors) {
  const auto network = makeInr(NerfOptions{});
  CHECK_THROWS(network->forward(at::zeros({5})), "t has shape [5]");
  CHECK_THROWS(network->forward(at::zeros({5, 2})), "t has shape [5, 2]");
  CHECK_THROWS(network->forward(at::zeros({5, 1}, at::kDouble)), "t is Double");
}

TEST(wrongOptionsAreErrorsThatNameThem) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto kan = [](auto change) {
    KanOptions options;
    change(options);
    makeInr(options);
  };
  CHECK_THROWS(kan([](auto& o) { o.grid = -3; }), "grid is -3");
  CHECK_THROWS(kan([](auto& o) { o.order = 0; }), "order is 0");
  CHECK_THROWS(kan([](auto& o) { o.layers = {0}; }), "layers.0 is 0");
  CHECK_THROWS(kan([](auto& o) { o.layers = {}; }), "layers is []");
  CHECK_THROWS(kan([](auto& o) { o.encoding = 0; }), "encoding is 0");
  CHECK_THROWS(kan([](auto& o) { o.gridRange.upper = -1.0; }), "gridRange is [-1, -1]");
  CHECK_THROWS(kan([](auto& o) { o.dtype = at::kLong; }), "dtype is Long");
  SirenOptions siren;
  siren.omega = nan;
  CHECK_THROWS(makeInr(siren), "omega is nan");
  RffOptions rff;
  rff.sigma = 0.0;
  CHECK_THROWS(makeInr(rff), "sigma is 0");
  WireOptions wire;
  wire.scale = -1.0;
  CHECK_THROWS(makeInr(wire), "scale is -1");
}
