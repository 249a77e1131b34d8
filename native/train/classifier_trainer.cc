#include "native/train/classifier_trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <utility>

#include "native/nn/option_checks.h"
#include "native/train/gradients.h"
#include "native/train/thread_limit.h"

namespace fewsound {

ClassifierTrainer::ClassifierTrainer(std::shared_ptr<WaveformClassifier> model,
                                     ClassifierTrainerOptions options)
    : model_(std::move(model)),
      options_(options),
      optimizer_(model_->parameters(), options_.optimizer) {
  checkNotNegative("maxGradientNorm", options_.maxGradientNorm);
  checkRange("threads", options_.threads, 0, 1024);
}

at::Tensor ClassifierTrainer::moved(const at::Tensor& audio) const {
  const at::Tensor& own = optimizer_.parameters().front();
  return audio.detach().to(own.device(), own.scalar_type());
}

at::Tensor ClassifierTrainer::targets(const at::Tensor& audio,
                                      const std::vector<int64_t>& classes) const {
  TORCH_CHECK_VALUE(audio.dim() == 2 && audio.size(0) == static_cast<int64_t>(classes.size()),
                    "there are ", classes.size(), " classes for recordings of shape ",
                    audio.sizes(), "; expected a class for each");
  for (const int64_t index : classes) checkRange("class", index, 0, model_->classes() - 1);
  return at::tensor(classes, at::kLong).to(optimizer_.parameters().front().device());
}

ClassifierStep ClassifierTrainer::step(const at::Tensor& batch, const std::vector<int64_t>& classes,
                                       double learningRate, double beta1, uint64_t seed) {
  const ThreadLimit limit(options_.threads);
  const at::Tensor audio = moved(batch);
  const at::Tensor target = targets(audio, classes);
  TORCH_CHECK_VALUE(audio.size(0) > 1,
                    "a step has one recording; batch norm needs two or more to learn from");
  model_->checkAudio(audio);
  optimizer_.zeroGrad();
  // Statistics that a pass without an update has moved are put back.
  std::vector<at::Tensor> before;
  for (const at::Tensor& buffer : model_->buffers()) before.push_back(buffer.clone());
  double loss = 0.0;
  {
    const at::AutoGradMode gradients(true);
    const ClassifierPass pass{.learning = true,
                              .generator = at::make_generator<at::CPUGeneratorImpl>(seed)};
    const at::Tensor mean = at::cross_entropy_loss(model_->forward(audio, pass), target);
    mean.backward();
    loss = mean.item<double>();
  }
  const at::NoGradGuard noGrad;
  std::vector<at::Tensor> gradients = gradientsOf(optimizer_.parameters());
  const double norm = normOf(gradients);
  if (std::isfinite(loss) && std::isfinite(norm)) {
    clipGradients(gradients, norm, options_.maxGradientNorm);
    optimizer_.step(learningRate, beta1);
  } else {
    const std::vector<at::Tensor> buffers = model_->buffers();
    for (size_t i = 0; i < before.size(); ++i) buffers[i].copy_(before[i]);
  }
  optimizer_.zeroGrad();
  return {.loss = loss, .gradientNorm = norm};
}

ClassifierEvaluation ClassifierTrainer::evaluate(const at::Tensor& batch,
                                                 const std::vector<int64_t>& classes) {
  const ThreadLimit limit(options_.threads);
  const at::NoGradGuard noGrad;
  const at::Tensor audio = moved(batch);
  const at::Tensor target = targets(audio, classes);
  const at::Tensor logits = model_->forward(audio);
  const at::Tensor losses =
      at::cross_entropy_loss(logits.to(at::kDouble), target, {}, at::Reduction::None);
  return {.logits = logits.cpu(), .losses = losses.cpu()};
}

}  // namespace fewsound
