// Classifiers of waveforms, and the steps of their training.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <memory>
#include <vector>

#include "native/nn/waveform/tssdnet.h"
#include "native/nn/waveform/waveform_cnn.h"
#include "native/nn/waveform/waveform_layers.h"
#include "native/train/classifier_objective.h"
#include "native/train/trainer.h"
#include "test/native/check.h"
#include "test/native/gradcheck.h"

using namespace fewsound;
using namespace fewsound::test;

namespace {

constexpr int64_t kSamples = 300;

WaveformCnnOptions smallCnn(double dropout = 0.0) {
  WaveformCnnOptions options;
  options.seed = 3;
  options.dtype = at::kDouble;
  options.samples = kSamples;
  options.classes = 3;
  options.layers = {{.kernels = {10, 15, 20}, .filters = 2, .stride = 5, .pooling = 2},
                    {.kernels = {2, 3}, .filters = 2, .stride = 1, .pooling = 3}};
  options.hidden = 5;
  options.dropout = dropout;
  return options;
}

TssdnetOptions smallTssdnet(TssdnetBlock block) {
  TssdnetOptions options;
  options.seed = 4;
  options.dtype = at::kDouble;
  options.samples = kSamples;
  options.classes = 3;
  options.block = block;
  return options;
}

std::vector<AnyClassifierOptions> smallClassifiers() {
  return {smallCnn(), smallTssdnet(TssdnetBlock::kResidual),
          smallTssdnet(TssdnetBlock::kInception)};
}

at::Tensor sounds(int64_t count) {
  const at::Tensor i = at::arange(kSamples, at::kDouble);
  const at::Tensor row = at::arange(1, count + 1, at::kDouble).unsqueeze(1);
  return at::sin(i * i * row / 900.0 + row);
}

ClassifierPass learningPass() {
  return {.learning = true, .generator = at::make_generator<at::CPUGeneratorImpl>(7)};
}

constexpr ScheduledRate kRate{.learningRate = 0.01, .beta1 = 0.9};

Trainer trainerOf(const std::shared_ptr<WaveformClassifier>& model, double maxGradientNorm = 0.0) {
  return {std::make_shared<ClassifierObjective>(model),
          {.optimizer = {.weightDecay = 0.0}, .maxGradientNorm = maxGradientNorm, .threads = 1}};
}

std::vector<at::Tensor> valuesOf(const WaveformClassifier& model) {
  std::vector<at::Tensor> values;
  for (const at::Tensor& tensor : model.parameters()) values.push_back(tensor.detach().clone());
  for (const at::Tensor& tensor : model.buffers()) values.push_back(tensor.clone());
  return values;
}

bool same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a[i].equal(b[i])) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST(everyRecordingHasALogitForEveryClass) {
  for (const AnyClassifierOptions& options : smallClassifiers()) {
    const auto model = makeClassifier(options);
    CHECK(model->forward(sounds(2)).sizes() == at::IntArrayRef({2, 3}));
    CHECK(model->forward(sounds(2), learningPass()).sizes() == at::IntArrayRef({2, 3}));
  }
}

TEST(convolutionsAreCentredWhateverTheirKernel) {
  const Initializer initializer(smallCnn());
  // Folded by the stride where that divides the kernel; the same as a plain convolution.
  for (const int64_t kernel : {1, 4, 5, 9, 10, 15, 300}) {
    for (const int64_t stride : {1, 5, 7, 400}) {
      const CentredConv conv({.in = 2, .out = 3, .kernel = kernel, .stride = stride}, initializer);
      const at::Tensor x = at::stack({sounds(2), sounds(2).cos()}, 1);
      const int64_t frames = (kSamples + stride - 1) / stride;
      const int64_t left = (kernel - 1) / 2;
      const at::Tensor padded = at::constant_pad_nd(x, {left, kernel + stride});
      const at::Tensor expected =
          at::conv1d(padded, conv.parameters()[0], conv.parameters()[1], {stride})
              .narrow(2, 0, frames);
      const at::Tensor found = conv.forward(x);
      CHECK(found.sizes() == expected.sizes());
      CHECK(distance(found, expected) < 1e-12);
    }
  }
}

TEST(gradientsOfClassifiersAgreeWithDifferences) {
  for (const AnyClassifierOptions& options : smallClassifiers()) {
    for (const bool learning : {false, true}) {
      const auto model = makeClassifier(options);
      const at::Tensor audio = sounds(3);
      const at::Tensor w = at::cos(at::arange(9, at::kDouble)).view({3, 3});
      const auto objective = [&] {
        return (model->forward(audio, learning ? learningPass() : ClassifierPass{}) * w).sum();
      };
      const std::vector<at::Tensor> parameters = model->parameters();
      const auto gradients = torch::autograd::grad({objective()}, parameters);
      for (size_t p = 0; p < parameters.size(); ++p) {
        const at::Tensor flat = parameters[p].detach().view(-1);
        const at::Tensor gradient = gradients[p].reshape(-1);
        const double scale = std::max(1.0, gradient.abs().max().item<double>());
        // Some of each.
        for (int64_t j = 0; j < flat.numel(); j += 1 + flat.numel() / 2) {
          const double kept = flat[j].item<double>();
          flat[j].fill_(kept + 1e-7);
          const double above = objective().item<double>();
          flat[j].fill_(kept - 1e-7);
          const double below = objective().item<double>();
          flat[j].fill_(kept);
          CHECK_CLOSE(gradient[j].item<double>(), (above - below) / 2e-7, 1e-5 * scale);
        }
      }
    }
  }
}

TEST(dropoutLeavesOutWhatItsSeedDraws) {
  const auto model = makeClassifier(smallCnn(0.5));
  const at::Tensor once = model->forward(sounds(4), learningPass());
  CHECK(once.equal(model->forward(sounds(4), learningPass())));
  const ClassifierPass other{.learning = true,
                             .generator = at::make_generator<at::CPUGeneratorImpl>(8)};
  CHECK(!once.equal(model->forward(sounds(4), other)));
  CHECK(model->forward(sounds(4)).equal(model->forward(sounds(4))));
}

TEST(aStepHasTheCrossEntropyOfItsRecordingsAndLearns) {
  for (const AnyClassifierOptions& options : smallClassifiers()) {
    const auto model = makeClassifier(options);
    Trainer trainer = trainerOf(model);
    const std::vector<int64_t> classes{0, 1, 2, 1};
    const at::Tensor target = at::tensor(classes, at::kLong);
    const at::Tensor logits = makeClassifier(options)->forward(sounds(4), learningPass());
    const TrainingStep first =
        trainer.step({.audio = {sounds(4)}, .classes = classes, .seed = 7}, kRate);
    CHECK_CLOSE(first.loss, at::cross_entropy_loss(logits, target).item<double>(), 1e-12);
    CHECK(first.gradientNorm > 0.0);
    double loss = first.loss;
    for (int i = 0; i < 30; ++i)
      loss = trainer.step({.audio = {sounds(4)}, .classes = classes, .seed = 7}, kRate).loss;
    CHECK(loss < 0.2 * first.loss);
    const Evaluation found = trainer.evaluate({.audio = {sounds(4)}, .classes = classes});
    CHECK(found.losses.sizes() == at::IntArrayRef({4}));
    CHECK(distance(found.losses,
                   at::cross_entropy_loss(found.outputs, target, {}, at::Reduction::None)) < 1e-12);
  }
}

TEST(aLossThatIsNoNumberChangesNothing) {
  const auto model = makeClassifier(smallCnn());
  Trainer trainer = trainerOf(model);
  const auto before = valuesOf(*model);
  at::Tensor broken = sounds(2);
  broken[1][7].fill_(std::nan(""));
  CHECK(
      !std::isfinite(trainer.step({.audio = {broken}, .classes = {0, 1}, .seed = 1}, kRate).loss));
  CHECK(same(valuesOf(*model), before));
  CHECK(trainer.stepCount() == 0);
  CHECK(std::isfinite(
      trainer.step({.audio = {sounds(2)}, .classes = {0, 1}, .seed = 1}, kRate).loss));
  CHECK(!same(valuesOf(*model), before));
}

TEST(clippingScalesTheGradientsToTheirBound) {
  const auto model = makeClassifier(smallCnn());
  Trainer trainer = trainerOf(model, 1e-3);
  CHECK(trainer.step({.audio = {sounds(2)}, .classes = {0, 1}, .seed = 1}, kRate).gradientNorm >
        1e-2);
  double squares = 0.0;
  for (const at::Tensor& moment : trainer.optimizer().firstMoments()) {
    squares += moment.square().sum().item<double>();
  }
  CHECK_CLOSE(std::sqrt(squares), 0.1 * 1e-3, 1e-9);
}

TEST(whatDoesNotFitIsAnError) {
  const auto model = makeClassifier(smallCnn());
  Trainer trainer = trainerOf(model);
  CHECK_THROWS(model->forward(sounds(2).narrow(1, 0, 7)), "expected [batch, 300]");
  CHECK_THROWS(model->forward(sounds(2).to(at::kFloat)), "the model is");
  CHECK_THROWS(trainer.step({.audio = {sounds(2)}, .classes = {0, 3}, .seed = 1}, kRate),
               "from 0 to 2");
  CHECK_THROWS(trainer.step({.audio = {sounds(2)}, .classes = {0}, .seed = 1}, kRate),
               "a class for each");
  CHECK_THROWS(trainer.step({.audio = {sounds(1)}, .classes = {0}, .seed = 1}, kRate),
               "two or more");
  WaveformCnnOptions options = smallCnn();
  options.layers[0].pooling = 100;
  CHECK_THROWS(makeClassifier(options), "leave nothing of 300 samples");
  options = smallCnn(1.0);
  CHECK_THROWS(makeClassifier(options), "dropout is 1");
  TssdnetOptions short_ = smallTssdnet(TssdnetBlock::kResidual);
  short_.samples = 255;
  CHECK_THROWS(makeClassifier(short_), "from 256");
}
