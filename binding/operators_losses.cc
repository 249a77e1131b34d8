#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::Tensor;

void addLossOperators(OperatorTable& table) {
  table.add("l1Loss", "|input - target|.", {"input", "target", {"reduction", 1}},
            [](const Tensor& input, const Tensor& target, const Reduction& reduction) {
              return at::l1_loss(input, target, reduction.value);
            });
  table.add("mseLoss", "(input - target)².", {"input", "target", {"reduction", 1}},
            [](const Tensor& input, const Tensor& target, const Reduction& reduction) {
              return at::mse_loss(input, target, reduction.value);
            });
  table.add("smoothL1Loss", "Quadratic below beta, |input - target| - beta/2 above.",
            {"input", "target", {"reduction", 1}, {"beta", 1.0}},
            [](const Tensor& input, const Tensor& target, const Reduction& reduction, double beta) {
              return at::smooth_l1_loss(input, target, reduction.value, beta);
            });
  table.add("huberLoss", "Quadratic below delta, delta·(|input - target| - delta/2) above.",
            {"input", "target", {"reduction", 1}, {"delta", 1.0}},
            [](const Tensor& input, const Tensor& target, const Reduction& reduction,
               double delta) { return at::huber_loss(input, target, reduction.value, delta); });
  table.add(
      "crossEntropyLoss",
      "-log softmax of the true class: logits [batch, classes, …], target int64 [batch, …] or "
      "probabilities of the logits' shape.",
      {"input",
       "target",
       {"weight", nullptr},
       {"reduction", 1},
       {"ignoreIndex", -100},
       {"labelSmoothing", 0.0}},
      [](const Tensor& input, const Tensor& target, const std::optional<Tensor>& weight,
         const Reduction& reduction, int64_t ignoreIndex, double labelSmoothing) {
        return at::cross_entropy_loss(input, target, weight, reduction.value, ignoreIndex,
                                      labelSmoothing);
      });
  table.add("nllLoss", "-log probability of the true class, from log probabilities.",
            {"input", "target", {"weight", nullptr}, {"reduction", 1}, {"ignoreIndex", -100}},
            [](const Tensor& input, const Tensor& target, const std::optional<Tensor>& weight,
               const Reduction& reduction, int64_t ignoreIndex) {
              return at::nll_loss_nd(input, target, weight, reduction.value, ignoreIndex);
            });
  table.add("bceLoss", "Binary cross-entropy of probabilities.",
            {"input", "target", {"weight", nullptr}, {"reduction", 1}},
            [](const Tensor& input, const Tensor& target, const std::optional<Tensor>& weight,
               const Reduction& reduction) {
              return at::binary_cross_entropy(input, target, weight, reduction.value);
            });
  table.add("bceWithLogitsLoss", "Binary cross-entropy of sigmoid(input).",
            {"input", "target", {"weight", nullptr}, {"positiveWeight", nullptr}, {"reduction", 1}},
            [](const Tensor& input, const Tensor& target, const std::optional<Tensor>& weight,
               const std::optional<Tensor>& positiveWeight, const Reduction& reduction) {
              return at::binary_cross_entropy_with_logits(input, target, weight, positiveWeight,
                                                          reduction.value);
            });
  table.add("klDivLoss", "target·(log target - input), input log probabilities.",
            {"input", "target", {"reduction", 1}, {"logTarget", false}},
            [](const Tensor& input, const Tensor& target, const Reduction& reduction,
               bool logTarget) { return at::kl_div(input, target, reduction.value, logTarget); });
  table.add("cosineSimilarity", "Cosine of the angle between vectors along dim.",
            {"input", "other", {"dim", 1}, {"epsilon", 1e-8}},
            [](const Tensor& input, const Tensor& other, int64_t dim, double epsilon) {
              return at::cosine_similarity(input, other, dim, epsilon);
            });
}

}  // namespace fewsound::binding
