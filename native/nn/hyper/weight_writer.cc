#include "native/nn/hyper/weight_writer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <optional>
#include <string>

#include "native/nn/positional_encoding.h"

namespace fewsound {
namespace {

/// How the rows of the last layer that make one of the target's parameters start.
struct RowInit {
  double bound;            // of the rows, uniform
  double biasBound = 0.0;  // of their biases, uniform
  at::Tensor bias = {};    // or these values
};

constexpr double kFrequencyBound = 1e-4;
constexpr double kSirenFactor = 1e-3;

bool isWeight(const std::string& name) { return name.ends_with(".weight"); }
bool isBias(const std::string& name) { return name.ends_with(".bias"); }
bool isOmega(const std::string& name) { return name.ends_with(".omega"); }
bool isFirstLayer(const std::string& name) { return name.starts_with("layers.0."); }

/// The initialisation "H" of the authors' program (paper 1, "FewSound"), for a slot whose linear
/// layer has `fanIn` inputs.
class RowRule {
 public:
  RowRule(const Inr& target, int64_t lastWidth)
      : factors_(target.frequencyFactors()),
        frequencies_(target.exactFrequencies()),
        width_(static_cast<double>(lastWidth)) {}

  RowInit of(const WeightVector::Slot& slot, int64_t fanIn) const {
    if (slot.name == "encoding.frequencies") {
      return {.bound = kFrequencyBound, .bias = frequencies_};
    }
    if (isOmega(slot.name)) {
      return {.bound = kFrequencyBound, .bias = at::full({1}, omega(slot.name), at::kDouble)};
    }
    // What a KAN has, [out, in, …], is divided among its inputs as weights are. The authors'
    // program gives all of it 1 / sqrt(width): of many inputs the sum leaves the grid before it has
    // learned.
    if (!isWeight(slot.name) && !isBias(slot.name)) fanIn = slot.shape[1];
    const auto in = static_cast<double>(isBias(slot.name) ? 1 : fanIn);
    const double bound = std::sqrt(3.0 / (width_ * in));
    if (!factors_) return {.bound = bound};
    const double own =
        fanIn == 1 ? 1.0 : std::sqrt(6.0 / static_cast<double>(fanIn)) / omega(slot.name);
    return {.bound = bound * kSirenFactor, .biasBound = own};
  }

 private:
  double omega(const std::string& name) const {
    return isFirstLayer(name) ? factors_->first : factors_->later;
  }

  std::optional<Inr::FrequencyFactors> factors_;
  at::Tensor frequencies_;
  double width_;
};

}  // namespace

WeightWriter::WeightWriter(int64_t codeWidth, const std::vector<int64_t>& hidden,
                           const WeightVector& layout, const Inr& target,
                           const Initializer& initializer)
    : torch::nn::Module("WeightWriter") {
  const auto stack = register_module("layers", std::make_shared<torch::nn::Module>("layers"));
  const auto add = [&](const at::Tensor& weight, const at::Tensor& bias) {
    layers_.push_back(stack->register_module(std::to_string(layers_.size()),
                                             std::make_shared<WeightAndBias>(weight, bias)));
  };
  int64_t in = codeWidth;
  for (const int64_t out : hidden) {
    // First, and not beside the weights: a call's arguments are drawn in no order of their own, and
    // a seed is to give the same model with every compiler.
    const at::Tensor bias = initializer.uniform({out}, 0.0);
    add(initializer.uniform({out, in}, std::sqrt(6.0 / static_cast<double>(in))), bias);
    in = out;
  }

  const RowRule rule(target, in);
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> biases;
  int64_t fanIn = 1;  // a bias has that of the weight before it
  for (const WeightVector::Slot& slot : layout.slots()) {
    if (isWeight(slot.name)) fanIn = slot.shape.back();
    const RowInit init = rule.of(slot, fanIn);
    weights.push_back(initializer.uniform({slot.size, in}, init.bound));
    biases.push_back(init.bias.defined() ? init.bias.to(weights.back().options())
                                         : initializer.uniform({slot.size}, init.biasBound));
  }
  add(at::cat(weights), at::cat(biases));
}

at::Tensor WeightWriter::forward(const at::Tensor& code) const {
  at::Tensor x = code;
  for (size_t i = 0; i < layers_.size(); ++i) {
    x = at::linear(x, layers_[i]->weight, layers_[i]->bias);
    if (i + 1 < layers_.size()) x = at::elu_(x);
  }
  return x;
}

}  // namespace fewsound
