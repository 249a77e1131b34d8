#include "native/train/classifier_objective.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <utility>

namespace fewsound {

ClassifierObjective::ClassifierObjective(std::shared_ptr<WaveformClassifier> model)
    : model_(std::move(model)) {}

ClassifierObjective::Examples ClassifierObjective::examplesIn(const Batch& batch) const {
  TORCH_CHECK_VALUE(batch.audio.size() == 1, "there are ", batch.audio.size(),
                    " parts of recordings; a classifier takes one");
  const at::Tensor& given = batch.audio.front();
  TORCH_CHECK_VALUE(given.dim() == 2 && given.size(0) == static_cast<int64_t>(batch.classes.size()),
                    "there are ", batch.classes.size(), " classes for recordings of shape ",
                    given.sizes(), "; expected a class for each");
  for (const int64_t index : batch.classes) {
    TORCH_CHECK_VALUE(index >= 0 && index < model_->classes(), "class is ", index,
                      "; expected a whole number from 0 to ", model_->classes() - 1);
  }
  const at::Tensor own = model_->learnable().front();
  return {.audio = given.detach().to(own.device(), own.scalar_type()),
          .classes = at::tensor(batch.classes, at::kLong).to(own.device())};
}

double ClassifierObjective::accumulate(const Batch& batch) {
  const auto [audio, classes] = examplesIn(batch);
  const at::AutoGradMode gradients(true);
  const ClassifierPass pass{.learning = true,
                            .generator = at::make_generator<at::CPUGeneratorImpl>(batch.seed)};
  const at::Tensor mean = at::cross_entropy_loss(model_->forward(audio, pass), classes);
  mean.backward();
  return mean.item<double>();
}

Evaluation ClassifierObjective::evaluate(const Batch& batch) {
  const auto [audio, classes] = examplesIn(batch);
  const at::Tensor logits = model_->forward(audio);
  const at::Tensor losses =
      at::cross_entropy_loss(logits.to(at::kDouble), classes, {}, at::Reduction::None);
  return {.outputs = logits.cpu(), .losses = losses.cpu(), .constant = {}};
}

}  // namespace fewsound
