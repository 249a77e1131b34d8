// Stacks of dense layers tile by tile, against layers by ATen operators.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <limits>
#include <random>

#include "native/mlp/mlp_stack.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"
#include "test/native/mlp_cases.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

constexpr Activation kAll[] = {Activation::kRelu, Activation::kSine, Activation::kFiner,
                               Activation::kGabor};

/// With so many threads, and as many as before afterwards.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

/// What an error in each of the results of `outputAndGradients` is small beside: its largest entry;
/// for an omega's gradient, which is a sum over all weights, what that sums up to without signs.
std::vector<double> sizesOf(const MlpCase& c, const std::vector<at::Tensor>& results) {
  std::vector<double> sizes{largest(results[0]), largest(results[1])};
  for (const DenseLayer& layer : c.layers) {
    const at::Tensor& weight = results[sizes.size()];
    sizes.push_back(largest(weight));
    sizes.push_back(largest(results[sizes.size()]));
    if (!layer.omega.defined()) continue;
    const double sum = ((layer.weight * weight).abs().sum() / layer.omega.min()).item<double>();
    sizes.push_back(std::max(largest(results[sizes.size()]), sum));
  }
  return sizes;
}

void checkEqualsReference(const MlpShape& shape, bool inSingle = true) {
  const MlpCase single = mlpCase(shape).in(at::kFloat);
  const MlpCase exact = single.in(at::kDouble);
  const auto reference = outputAndGradients(exact, mlpStackReference);
  const auto ours = outputAndGradients(exact, mlpStack);
  const auto referenceSingle = outputAndGradients(single, mlpStackReference);
  const auto oursSingle = outputAndGradients(single, mlpStack);
  const std::vector<double> sizes = sizesOf(exact, reference);
  CHECK(ours.size() == reference.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours[i].sizes() == reference[i].sizes());
    CHECK(ours[i].scalar_type() == reference[i].scalar_type());
    const auto errorOf = [&](const at::Tensor& result) {
      return largest(result.to(reference[i].scalar_type()) - reference[i]) / sizes[i];
    };
    CHECK_CLOSE(errorOf(ours[i]), 0.0, 1e-12);
    if (!inSingle) continue;
    // Rounding alone moves float32 so far; sums in another order are off by a few times as much.
    CHECK_CLOSE(errorOf(oursSingle[i]), 0.0, 4.0 * errorOf(referenceSingle[i]) + 2e-6);
  }
}

}  // namespace

TEST(itEqualsItsLayersForAllActivationsAndWidths) {
  at::manual_seed(1);
  for (const Activation activation : kAll) {
    for (const int64_t width : {1, 3, 17, 90, 100}) {
      checkEqualsReference(
          {.activation = activation, .widths = {2, width, width, 1}, .samples = 70});
    }
    checkEqualsReference(
        {.activation = activation, .widths = {24, 90, 90, 90, 90, 70, 1}, .samples = 200});
    checkEqualsReference({.activation = activation, .widths = {90, 33, 5}, .samples = 129});
    checkEqualsReference({.activation = activation, .widths = {1, 200, 150, 3}, .samples = 65});
    checkEqualsReference({.activation = activation, .widths = {7, 2}, .samples = 33});
  }
}

TEST(itEqualsItsLayersForAnyNumberOfSamples) {
  at::manual_seed(2);
  for (const Activation activation : kAll) {
    for (const int64_t samples : {1, 7, 63, 64, 65, 511, 512, 513}) {
      checkEqualsReference({.activation = activation, .widths = {3, 17, 9, 1}, .samples = samples});
    }
  }
  checkEqualsReference({.widths = {2, 5, 1}, .samples = 32'768});
}

TEST(itEqualsItsLayersWhereOnlySomeTilesAreKept) {
  at::manual_seed(5);
  for (const Activation activation : kAll) {
    // More than a forward pass keeps, in float32 and in float64: all of one layer, some of others.
    // Some of so many numbers lie so near to ReLU's kink that float32's rounding decides.
    checkEqualsReference(
        {.activation = activation, .widths = {48, 40, 120, 3, 1}, .samples = 1'000, .sets = 64},
        /*inSingle=*/activation != Activation::kRelu);
  }
}

TEST(itEqualsItsLayersWithWeightsPerSample) {
  at::manual_seed(3);
  for (const Activation activation : kAll) {
    for (const int64_t sets : {1, 2, 5}) {
      for (const bool sharesX : {false, true}) {
        checkEqualsReference({.activation = activation,
                              .widths = {3, 17, 20, 2},
                              .samples = 130,
                              .sets = sets,
                              .sharesX = sharesX,
                              .omegaEach = !sharesX});
      }
    }
  }
}

TEST(itEqualsItsLayersOnRandomShapes) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cases in every run.
  std::mt19937 random(7);
  at::manual_seed(7);
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int i = 0; i < 60; ++i) {
    MlpShape shape{.activation = kAll[i % 4], .widths = {draw(1, 40)}};
    for (int64_t depth = draw(1, 4); depth > 0; --depth) shape.widths.push_back(draw(1, 40));
    shape.samples = draw(1, 3) == 1 ? draw(1, 8) : draw(100, 700);
    shape.sets = draw(0, 3);
    shape.sharesX = draw(0, 1) == 0;
    shape.omegaEach = draw(0, 1) == 0;
    checkEqualsReference(shape);
  }
}

TEST(itsGradientsAreThoseOfDifferences) {
  at::manual_seed(4);
  for (const Activation activation : {Activation::kRelu, Activation::kSine}) {
    for (const int64_t sets : {0, 2}) {
      const MlpCase c =
          mlpCase({.activation = activation, .widths = {3, 6, 5, 2}, .samples = 5, .sets = sets});
      const ScalarFunction sum = [&](const std::vector<at::Tensor>& leaves) {
        size_t next = 0;
        const MlpCase given = c.with([&](const at::Tensor&) { return leaves[next++]; });
        const at::Tensor y = mlpStack(given.x, given.layers, given.form);
        return (y * at::linspace(0.5, 1.5, y.numel(), at::kDouble).view_as(y)).sum();
      };
      CHECK_CLOSE(gradientError(sum, c.leaves()), 0.0, 1e-6);
    }
  }
}

TEST(itIsDifferentiableTwice) {
  at::manual_seed(10);
  for (const Activation activation : kAll) {
    for (const int64_t sets : {0, 2}) {
      const MlpCase c =
          mlpCase({.activation = activation, .widths = {3, 4, 4, 1}, .samples = 5, .sets = sets})
              .in(at::kDouble);
      const auto penalty = [&](MlpFunction stack) {
        const at::Tensor y = stack(c.x, c.layers, c.form);
        const auto gradient =
            torch::autograd::grad({y.sum()}, {c.x}, {}, true, /*create_graph=*/true);
        return torch::autograd::grad({gradient[0].square().sum()}, {c.layers[1].weight})[0];
      };
      CHECK(at::allclose(penalty(mlpStack), penalty(mlpStackReference), 1e-11, 1e-11));
    }
  }
}

TEST(onlyWhatRequiresAGradientGetsOne) {
  at::manual_seed(11);
  const MlpCase all = mlpCase({.activation = Activation::kSine, .widths = {2, 6, 1}, .samples = 9});
  const at::Tensor weight = all.layers[0].weight.clone().requires_grad_();
  std::vector<DenseLayer> layers = all.layers;
  layers[0].weight = weight;
  mlpStack(all.x, layers, all.form).sum().backward();
  CHECK(weight.grad().defined());
  CHECK(!all.x.grad().defined());
  CHECK(!all.layers[1].omega.grad().defined());
}

TEST(theNumberOfThreadsDecidesTheBits) {
  at::manual_seed(8);
  for (const Activation activation : kAll) {
    const MlpCase c = mlpCase({.activation = activation, .widths = {4, 30, 20, 1}, .samples = 3000})
                          .in(at::kFloat);
    at::Tensor output;
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      const auto first = outputAndGradients(c, mlpStack);
      for (int again = 0; again < 3; ++again) {
        const auto second = outputAndGradients(c, mlpStack);
        for (size_t i = 0; i < first.size(); ++i) CHECK(at::equal(first[i], second[i]));
      }
      // Samples do not meet in the forward pass, so that it has the same bits with any number.
      if (output.defined()) CHECK(at::equal(first[0], output));
      output = first[0];
    }
  }
}

TEST(viewsWithStridesAreTaken) {
  at::manual_seed(9);
  const at::Tensor vectors = at::randn({3, 40}, at::kDouble);
  const std::vector<DenseLayer> layers{
      {vectors.narrow(1, 2, 20).view({3, 5, 4}), vectors.narrow(1, 25, 5), {}}};
  const at::Tensor x = at::randn({4, 700}, at::kDouble).t();
  CHECK(at::allclose(mlpStack(x, layers), mlpStackReference(x, layers), 1e-12, 1e-12));
  const at::Tensor complex = at::randn({5, 1}, at::kComplexDouble).t().conj();
  const std::vector<DenseLayer> wavelets{
      {at::randn({5, 4}, at::kDouble), at::randn({5}, at::kDouble), at::ones({1}, at::kDouble)},
      {complex, at::randn({1}, at::kComplexDouble), {}}};
  const MlpForm form{.activation = Activation::kGabor, .scale = 0.5};
  CHECK(at::allclose(mlpStack(x, wavelets, form), mlpStackReference(x, wavelets, form), 1e-12,
                     1e-12));
}

TEST(whatIsNotANumberStaysNone) {
  at::manual_seed(12);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Activation activation : kAll) {
    for (const double value : {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity}) {
      const MlpCase c =
          mlpCase({.activation = activation, .widths = {3, 20, 20, 2}, .samples = 100});
      c.x[17][1].fill_(value);
      for (const auto dtype : {at::kFloat, at::kDouble}) {
        const MlpCase typed = c.in(dtype);
        const auto ours = outputAndGradients(typed, mlpStack);
        const auto reference = outputAndGradients(typed, mlpStackReference);
        for (size_t i = 0; i < ours.size(); ++i) {
          CHECK(at::equal(at::isfinite(ours[i]), at::isfinite(reference[i])));
        }
        CHECK(at::equal(at::isnan(ours[0]), at::isnan(reference[0])));
      }
    }
  }
}

TEST(aZeroOmegaGoesThroughTheReference) {
  at::manual_seed(13);
  const MlpCase c =
      mlpCase({.activation = Activation::kSine, .widths = {2, 6, 1}, .samples = 9}).in(at::kDouble);
  {
    const at::NoGradGuard noGrad;
    c.layers[1].omega.zero_();
  }
  const auto ours = outputAndGradients(c, mlpStack);
  const auto reference = outputAndGradients(c, mlpStackReference);
  for (size_t i = 0; i < ours.size(); ++i) CHECK(at::equal(ours[i], reference[i]));
}

TEST(theReferenceCanBeForced) {
  at::manual_seed(14);
  const MlpCase c = mlpCase({.activation = Activation::kFiner, .widths = {2, 40, 1}, .samples = 90})
                        .in(at::kFloat);
  setMlpPath(MlpPath::kReference);
  CHECK(mlpPath() == MlpPath::kReference);
  const at::Tensor forced = mlpStack(c.x, c.layers, c.form);
  setMlpPath(MlpPath::kFused);
  CHECK(at::equal(forced, mlpStackReference(c.x, c.layers, c.form)));
}

TEST(whatDoesNotFitIsAnError) {
  const at::Tensor x = at::randn({4, 3});
  const std::vector<DenseLayer> wrongInput{{at::randn({5, 2}), at::randn({5}), {}}};
  const std::vector<DenseLayer> wrongBias{{at::randn({5, 3}), at::randn({4}), {}}};
  CHECK_THROWS(mlpStack(x, wrongInput), "");
  CHECK_THROWS(mlpStack(x, wrongBias), "");
}
