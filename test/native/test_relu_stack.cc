// ReLU networks block by block, against layers by ATen operators.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <random>

#include "native/nn/relu_stack.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

struct Case {
  at::Tensor x;
  std::vector<LinearWeights> layers;

  std::vector<at::Tensor> leaves() const {
    std::vector<at::Tensor> all{x};
    for (const auto& [weight, bias] : layers) {
      all.push_back(weight);
      all.push_back(bias);
    }
    return all;
  }
};

at::Tensor leaf(at::IntArrayRef shape) { return at::randn(shape, at::kDouble).requires_grad_(); }

Case randomCase(std::mt19937& random) {
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  const int64_t batch = draw(1, 5);
  const int64_t samples = draw(1, 3) == 1 ? draw(1, 8) : draw(400, 1700);
  const bool own = draw(0, 2) == 0;
  const bool sharesX = draw(0, 1) == 0;
  int64_t in = draw(1, 9);
  Case made{.x = sharesX ? leaf({samples, in}) : leaf({batch, samples, in}), .layers = {}};
  for (int64_t depth = draw(1, 4); depth > 0; --depth) {
    const int64_t out = draw(1, 11);
    made.layers.push_back(own ? LinearWeights{leaf({out, in}), leaf({out})}
                              : LinearWeights{leaf({batch, out, in}), leaf({batch, out})});
    in = out;
  }
  return made;
}

std::vector<at::Tensor> outputAndGradients(const Case& c,
                                           at::Tensor (*stack)(const at::Tensor&,
                                                               const std::vector<LinearWeights>&)) {
  for (const at::Tensor& each : c.leaves()) each.mutable_grad() = at::Tensor();
  const at::Tensor y = stack(c.x, c.layers);
  at::manual_seed(5);
  y.backward(at::randn_like(y));
  std::vector<at::Tensor> results{y.detach()};
  for (const at::Tensor& each : c.leaves()) results.push_back(each.grad());
  return results;
}

}  // namespace

TEST(itEqualsItsLayersOnRandomShapes) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same cases in every run.
  std::mt19937 random(7);
  at::manual_seed(7);
  for (int i = 0; i < 60; ++i) {
    const Case c = randomCase(random);
    const auto ours = outputAndGradients(c, reluStack);
    const auto reference = outputAndGradients(c, reluStackReference);
    for (size_t j = 0; j < ours.size(); ++j) {
      CHECK(ours[j].sizes() == reference[j].sizes());
      CHECK(at::allclose(ours[j], reference[j], 1e-10, 1e-10));
    }
  }
}

TEST(theNumberOfThreadsDoesNotChangeTheForwardPass) {
  at::manual_seed(8);
  const Case c{.x = leaf({3000, 4}),
               .layers = {{leaf({6, 4}), leaf({6})}, {leaf({1, 6}), leaf({1})}}};
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = reluStack(c.x, c.layers);
  at::set_num_threads(3);
  const at::Tensor three = reluStack(c.x, c.layers);
  at::set_num_threads(before);
  CHECK(at::equal(one, three));
}

TEST(viewsWithStridesAreTaken) {
  at::manual_seed(9);
  const at::Tensor vectors = at::randn({3, 40}, at::kDouble);
  const std::vector<LinearWeights> layers{
      {vectors.narrow(1, 2, 20).view({3, 5, 4}), vectors.narrow(1, 25, 5)}};
  const at::Tensor x = at::randn({4, 700}, at::kDouble).t();
  CHECK(at::allclose(reluStack(x, layers), reluStackReference(x, layers), 1e-12, 1e-12));
}

TEST(itIsDifferentiableTwice) {
  at::manual_seed(10);
  const Case c{.x = leaf({2, 5, 3}),
               .layers = {{leaf({2, 4, 3}), leaf({2, 4})}, {leaf({2, 1, 4}), leaf({2, 1})}}};
  const auto penalty = [&](auto stack) {
    const at::Tensor y = stack(c.x, c.layers);
    const auto gradient = torch::autograd::grad({y.sum()}, {c.x}, {}, true, /*create_graph=*/true);
    return torch::autograd::grad({gradient[0].square().sum()}, {c.layers[0].weight})[0];
  };
  CHECK(at::allclose(penalty(reluStack), penalty(reluStackReference), 1e-12, 1e-12));
}

TEST(whatDoesNotFitIsAnError) {
  const at::Tensor x = at::randn({4, 3});
  const std::vector<LinearWeights> wrongInput{{at::randn({5, 2}), at::randn({5})}};
  const std::vector<LinearWeights> wrongBias{{at::randn({5, 3}), at::randn({4})}};
  CHECK_THROWS(reluStack(x, wrongInput), "");
  CHECK_THROWS(reluStack(x, wrongBias), "");
}
