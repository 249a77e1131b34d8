#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <limits>
#include <thread>

#include "native/metrics/si_snr.h"
#include "native/nn/kan.h"
#include "native/nn/nerf.h"
#include "native/nn/networks.h"
#include "native/nn/wire.h"
#include "native/train/fitter.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

const std::atomic<bool> kGoOn{false};

at::Tensor target() {
  const at::Tensor n = at::arange(200, at::kFloat);
  return (n.mul(0.11).sin() * 0.6 + n.mul(0.37).sin() * 0.4).unsqueeze(0);  // [1, samples]
}

at::Tensor longerTarget() {
  const at::Tensor n = at::arange(8192, at::kFloat);
  return (n.mul(0.011).sin() * 0.6 + n.mul(0.037).sin() * 0.4).unsqueeze(0);  // [1, samples]
}

std::shared_ptr<Inr> kan() {
  KanOptions options;
  options.seed = 11;
  options.layers = {6, 4};
  options.encoding = 5;
  options.grid = 5;
  options.order = 2;
  return makeInr(options);
}

std::shared_ptr<Inr> wire() {
  WireOptions options;
  options.seed = 11;
  options.layers = {6, 4};
  options.omega0 = 10.0;  // the targets are short and slow
  options.learnableOmega = true;
  return makeInr(options);
}

std::shared_ptr<Inr> nerfThatLearnsItsFrequencies() {
  NerfOptions options;
  options.seed = 11;
  options.layers = {8};
  options.encoding = 4;
  options.learnableEncoding = true;
  return makeInr(options);
}

FitterOptions settings(int64_t steps) {
  FitterOptions options;
  options.steps = steps;
  options.schedule = {.kind = ScheduleKind::kOneCycle, .learningRate = 5e-3, .totalSteps = steps};
  options.loss.mels = 12;
  options.loss.fftSizes = {64, 32};
  options.threads = 1;
  return options;
}

bool sameParameters(const Inr& a, const Inr& b) {
  const auto ofA = a.parameters();
  const auto ofB = b.parameters();
  bool same = ofA.size() == ofB.size();
  for (size_t i = 0; same && i < ofA.size(); ++i) same = ofA[i].equal(ofB[i]);
  return same;
}

}  // namespace

TEST(fittingLowersTheLoss) {
  for (const auto& network : {kan(), wire(), nerfThatLearnsItsFrequencies()}) {
    Fitter fitter({network}, target(), settings(60));
    CHECK(fitter.run(60, kGoOn, {}) == StopReason::kSteps);
    CHECK(fitter.stepCount() == 60);
    CHECK(fitter.losses().size() == 60);
    CHECK(fitter.losses().back() < 0.95 * fitter.losses().front());
  }
}

TEST(learnableFrequenciesLearn) {
  const auto network = nerfThatLearnsItsFrequencies();
  const at::Tensor before = network->named_parameters()["encoding.frequencies"].detach().clone();
  Fitter fitter({network}, target(), settings(5));
  fitter.run(5, kGoOn, {});
  CHECK(!network->named_parameters()["encoding.frequencies"].equal(before));
}

TEST(aResumedFitGoesOnBitForBit) {
  for (const auto& make : {kan, wire}) {
    const auto whole = make();
    Fitter uninterrupted({whole}, target(), settings(20));
    uninterrupted.run(20, kGoOn, {});

    const auto first = make();
    Fitter before({first}, target(), settings(20));
    before.run(9, kGoOn, {});
    CHECK(before.stepCount() == 9);
    const auto state = before.state();

    const auto second = make();
    {
      const at::NoGradGuard noGrad;
      const auto from = first->parameters();
      const auto to = second->parameters();
      for (size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
    }
    Fitter after({second}, target(), settings(20));
    after.loadState(state);
    after.run(20, kGoOn, {});
    CHECK(after.losses() == uninterrupted.losses());
    CHECK(sameParameters(*second, *whole));
  }
}

TEST(aFitOfSharesGoesOnBitForBitAndEndsWithAllSamples) {
  const at::Tensor longer = longerTarget();
  FitterOptions options = settings(20);
  options.share = 0.5;
  options.shareUntil = 0.6;
  const auto whole = kan();
  Fitter uninterrupted({whole}, longer, options);
  uninterrupted.run(20, kGoOn, {});
  for (const int64_t interruption : {3, 8, 15}) {
    const auto network = kan();
    Fitter before({network}, longer, options);
    before.run(interruption, kGoOn, {});
    Fitter after({network}, longer, options);
    after.loadState(before.state());
    after.run(20, kGoOn, {});
    CHECK(after.losses() == uninterrupted.losses());
    CHECK(sameParameters(*network, *whole));
  }
  // From the 13th step on, all samples: the same as a fit of all from that state.
  const auto network = kan();
  Fitter shared({network}, longer, options);
  shared.run(12, kGoOn, {});
  options.share = 1.0;
  Fitter all({network}, longer, options);
  all.loadState(shared.state());
  all.run(20, kGoOn, {});
  CHECK(sameParameters(*network, *whole));
}

// What a step of a share leaves out counts as it was when it was last learned.
TEST(aResumedFitOfSharesMeasuresWhatAnUninterruptedOneDoes) {
  FitterOptions options = settings(12);
  options.share = 0.25;
  options.progressInterval = 0.0;
  using Ratios = std::vector<double>;
  const auto run = [&](Fitter& fitter, int64_t until) {
    Ratios ratios;
    fitter.run(until, kGoOn, [&](const FitProgress& progress) {
      ratios.push_back(progress.siSnr.front().value());
    });
    return ratios;
  };
  Fitter uninterrupted({kan()}, longerTarget(), options);
  const Ratios expected = run(uninterrupted, 12);
  const auto network = kan();
  Fitter before({network}, longerTarget(), options);
  Ratios ratios = run(before, 5);
  const auto state = before.state();
  Fitter after({network}, longerTarget(), options);
  after.loadState(state);
  const Ratios rest = run(after, 12);
  ratios.insert(ratios.end(), rest.begin(), rest.end());
  CHECK(ratios == expected);

  auto wrong = state;
  CHECK(wrong.back().first == "estimates");
  wrong.back().second = at::zeros({1, 8000});
  CHECK_THROWS(after.loadState(wrong), "the training state's \"estimates\" is");
  CHECK(after.stepCount() == 12);
  // One from before they were kept.
  wrong.pop_back();
  after.loadState(wrong);
  CHECK(run(after, 12).size() == 7);
}

TEST(lossesOfAShareStopNoFit) {
  const auto steps = [](EarlyStop stop, double until) {
    FitterOptions options = settings(20);
    options.share = 0.25;
    options.shareUntil = until;
    options.earlyStop = stop;
    Fitter fitter({kan()}, longerTarget(), options);
    fitter.run(20, kGoOn, {});
    return fitter.stepCount();
  };
  CHECK(steps({.loss = 1e9}, 0.5) == 11);
  CHECK(steps({.loss = 1e9}, 1.0) == 20);
  CHECK(steps({.patience = 3, .minDelta = 1e9}, 0.5) == 14);
  CHECK(steps({.siSnr = -1e9}, 0.5) == 1);
}

TEST(patienceComparesLossesOfTheSameWeights) {
  FitterOptions options = settings(20);
  options.loss.course = {{.from = 0.5, .glide = true, .mel = 0.1}};
  options.earlyStop = {.patience = 3, .minDelta = 1e9};
  Fitter fitter({kan()}, target(), options);
  CHECK(fitter.run(20, kGoOn, {}) == StopReason::kPatience);
  // The weights stand still from the 12th step on.
  CHECK(fitter.stepCount() == 15);
}

TEST(theSameFitTwiceIsTheSame) {
  const auto a = kan();
  const auto b = kan();
  Fitter fitterA({a}, target(), settings(10));
  Fitter fitterB({b}, target(), settings(10));
  fitterA.run(10, kGoOn, {});
  fitterB.run(10, kGoOn, {});
  CHECK(fitterA.losses() == fitterB.losses());
  CHECK(sameParameters(*a, *b));
}

TEST(theAbortFlagStopsBeforeTheNextStep) {
  std::atomic<bool> abort{false};
  FitterOptions options = settings(50);
  options.progressInterval = 0.0;
  Fitter fitter({kan()}, target(), options);
  const auto reason = fitter.run(50, abort, [&](const FitProgress& progress) {
    if (progress.step == 4) abort = true;
  });
  CHECK(reason == StopReason::kAborted);
  CHECK(fitter.stepCount() == 4);
}

TEST(progressTellsTheLossAndTheRatioOfOneForwardPass) {
  const auto network = kan();
  FitterOptions options = settings(3);
  options.progressInterval = 0.0;
  Fitter fitter({network}, target(), options);
  const at::Tensor t = at::linspace(-1.0, 1.0, 200).unsqueeze(1);
  const double expected = *siSnr(network->forward(t).view({1, -1}), target()).front();
  std::vector<FitProgress> reports;
  fitter.run(3, kGoOn, [&](const FitProgress& progress) { reports.push_back(progress); });
  CHECK(reports.size() == 3);
  CHECK(reports[0].step == 1 && reports[2].step == 3);
  CHECK_CLOSE(*reports[0].siSnr.front(), expected, 1e-3);
  CHECK(reports[1].losses.front() == fitter.losses()[1]);
}

TEST(theLastStepIsAlwaysReported) {
  FitterOptions options = settings(5);
  options.progressInterval = 1e9;
  Fitter fitter({kan()}, target(), options);
  std::vector<int64_t> steps;
  fitter.run(5, kGoOn, [&](const FitProgress& progress) { steps.push_back(progress.step); });
  CHECK(steps == std::vector<int64_t>({1, 5}));
}

TEST(theLastStepBeforeAnAbortIsReported) {
  std::atomic<bool> abort{false};
  FitterOptions options = settings(100'000'000);
  options.progressInterval = 1e9;
  Fitter fitter({kan()}, target(), options);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    abort = true;
  });
  int64_t reported = 0;
  const auto reason = fitter.run(100'000'000, abort,
                                 [&](const FitProgress& progress) { reported = progress.step; });
  later.join();
  CHECK(reason == StopReason::kAborted);
  CHECK(reported == fitter.stepCount());
}

TEST(fitsStopEarlyWhenAsked) {
  const auto stoppedBy = [](EarlyStop stop) {
    FitterOptions options = settings(200);
    options.earlyStop = stop;
    Fitter fitter({kan()}, target(), options);
    const StopReason reason = fitter.run(200, kGoOn, {});
    CHECK(fitter.stepCount() < 200);
    return reason;
  };
  CHECK(stoppedBy({.loss = 0.3}) == StopReason::kLoss);
  CHECK(stoppedBy({.siSnr = -5.0}) == StopReason::kSiSnr);
  CHECK(stoppedBy({.patience = 3, .minDelta = 10.0}) == StopReason::kPatience);
}

TEST(silenceHasNoRatio) {
  FitterOptions options = settings(2);
  options.progressInterval = 0.0;
  Fitter fitter({kan()}, at::zeros({1, 200}), options);
  fitter.run(2, kGoOn, [](const FitProgress& progress) { CHECK(!progress.siSnr.front()); });
  CHECK(fitter.stepCount() == 2);
}

TEST(aDivergedFitSaysSo) {
  const auto network = kan();
  FitterOptions options = settings(50);
  options.schedule = {.learningRate = 1e30};
  Fitter fitter({network}, target(), options);
  CHECK_THROWS(fitter.run(50, kGoOn, {}), "try a lower learning rate");
  Fitter again({network}, target(), settings(5));
  CHECK_THROWS(again.run(5, kGoOn, {}), "weights are not finite");
}

TEST(threadsAreThoseAskedForAndPutBack) {
  at::set_num_threads(2);
  Fitter fitter({kan()}, target(), settings(1));
  fitter.run(1, kGoOn, {});
  CHECK(fitter.threads() == 1);
  CHECK(at::get_num_threads() == 2);
}

TEST(statesOfAnotherNetworkAreRefusedWhole) {
  Fitter fitter({kan()}, target(), settings(5));
  fitter.run(2, kGoOn, {});
  Fitter other({wire()}, target(), settings(5));
  CHECK_THROWS(other.loadState(fitter.state()), "lacks \"firstMoment.layers.0.weight\"");
  CHECK(other.stepCount() == 0);
  auto wrong = fitter.state();
  wrong.front().second = at::zeros({3});
  CHECK_THROWS(fitter.loadState(wrong), "firstMoment.layers.0.base");
  CHECK(fitter.stepCount() == 2);
}

TEST(wrongTargetsAndOptionsAreErrors) {
  const auto with = [](const at::Tensor& samples, auto change) {
    FitterOptions options = settings(5);
    change(options);
    Fitter fitter({kan()}, samples, options);
  };
  const auto asIs = [](FitterOptions&) {};
  CHECK_THROWS(with(at::zeros({1, 1}), asIs), "the target has 1 samples");
  CHECK_THROWS(with(at::zeros({200}), asIs), "expected [clips, samples]");
  CHECK_THROWS(with(at::full({1, 200}, std::nan("")), asIs), "NaN or infinite");
  CHECK_THROWS(with(at::zeros({1, 20}), asIs), "an FFT size of 64");
  CHECK_THROWS(with(target(), [](auto& o) { o.schedule.learningRate = std::nan(""); }),
               "learningRate is nan");
  CHECK_THROWS(with(target(), [](auto& o) { o.steps = -1; }), "steps is -1");
  CHECK_THROWS(with(target(), [](auto& o) { o.threads = -2; }), "threads is -2");
  CHECK_THROWS(with(target(), [](auto& o) { o.share = 0.0; }), "share is 0");
  CHECK_THROWS(with(target(), [](auto& o) { o.shareUntil = 1.5; }), "shareUntil is 1.5");
}

TEST(siSnrIsScaleAndOffsetInvariant) {
  const at::Tensor reference = target().to(at::kDouble);
  const at::Tensor noisy = reference + at::arange(200, at::kDouble).mul(1.9).cos() * 0.05;
  const auto ratios = siSnr(at::cat({noisy, noisy * 3.0 + 0.4, noisy}),
                            at::cat({reference, reference, at::full_like(reference, 0.25)}));
  CHECK(*ratios[0] > 10.0 && *ratios[0] < 40.0);
  CHECK_CLOSE(*ratios[1], *ratios[0], 1e-4);
  CHECK(!ratios[2]);
}
