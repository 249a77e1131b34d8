#include "native/nn/inr.h"

#include <ATen/ATen.h>

namespace fewsound {
namespace {

bool isHypernetworkWeight(const std::string& name) {
  return !name.starts_with("encoding.") && !name.ends_with(".omega");
}

}  // namespace

at::Tensor Inr::forward(const at::Tensor& t) {
  checkTime(t);
  return inEnvelope(decode(encode(t), nullptr), t);
}

at::Tensor Inr::forward(const at::Tensor& t, const WeightMap& weights) {
  TORCH_CHECK_VALUE(acceptsWeights(), name(),
                    " works with its own parameters only and takes no weights per sample");
  checkTime(t);
  checkWeights(t, weights);
  return inEnvelope(decode(encode(t, weights), &weights), t);
}

at::Tensor Inr::encode(const at::Tensor& t) const { return t; }

at::Tensor Inr::encode(const at::Tensor& t, const WeightMap& /*weights*/) const {
  return encode(t);
}

bool Inr::encodingIsFixed() const { return true; }

at::Tensor Inr::envelope(const at::Tensor& /*t*/) const { return {}; }

at::Tensor Inr::inEnvelope(const at::Tensor& amplitude, const at::Tensor& t) const {
  const at::Tensor factors = envelope(t);
  return factors.defined() ? amplitude * factors : amplitude;
}

bool Inr::acceptsWeights() const { return false; }

std::vector<WeightSlot> Inr::weightLayout() const {
  std::vector<WeightSlot> layout;
  for (const auto& parameter : named_parameters()) {
    if (isHypernetworkWeight(parameter.key())) {
      layout.push_back({parameter.key(), parameter.value().sizes().vec()});
    }
  }
  return layout;
}

void Inr::checkTime(const at::Tensor& t) const {
  TORCH_CHECK_VALUE((t.dim() == 2 || t.dim() == 3) && t.size(-1) == 1, "t has shape ", t.sizes(),
                    "; expected [samples, 1] or [batch, samples, 1]");
  const at::ScalarType dtype = c10::toRealValueType(parameters().front().scalar_type());
  TORCH_CHECK_TYPE(t.scalar_type() == dtype, "t is ", t.scalar_type(), " but the network is ",
                   dtype);
}

void Inr::checkWeights(const at::Tensor& t, const WeightMap& weights) const {
  int64_t batch = t.dim() == 3 ? t.size(0) : -1;
  size_t known = 0;
  for (const auto& parameter : named_parameters()) {
    const std::string& slot = parameter.key();
    const auto shape = parameter.value().sizes();
    const auto found = weights.find(slot);
    if (found == weights.end() && !isHypernetworkWeight(slot)) continue;
    TORCH_CHECK_VALUE(found != weights.end(), "weights lack \"", slot,
                      "\", expected with shape [batch, ", c10::Join(", ", shape), "]");
    ++known;
    const at::Tensor& value = found->second;
    if (batch < 0 && value.dim() > 0) batch = value.size(0);
    std::vector<int64_t> expected{batch};
    expected.insert(expected.end(), shape.begin(), shape.end());
    TORCH_CHECK_VALUE(value.sizes() == c10::IntArrayRef(expected), "weight \"", slot,
                      "\" has shape ", value.sizes(), "; expected ", c10::IntArrayRef(expected));
    TORCH_CHECK_TYPE(value.scalar_type() == t.scalar_type(), "weight \"", slot, "\" is ",
                     value.scalar_type(), " but t is ", t.scalar_type());
  }
  if (weights.size() == known) return;
  const auto own = named_parameters();
  for (const auto& [given, value] : weights) {
    TORCH_CHECK_VALUE(own.contains(given), "weight \"", given, "\" is not one of this network's");
  }
}

Field hiddenLayers(const char* source) {
  return {.name = "layers",
          .meaning = "Widths of the hidden layers.",
          .source = source,
          .flag = Flag{"<widths>"}};
}

std::vector<int64_t> layerWidths(int64_t features, const std::vector<int64_t>& hidden) {
  std::vector<int64_t> widths{features};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(1);
  return widths;
}

at::Tensor timeAxis(int64_t samples, const at::TensorOptions& options) {
  return at::linspace(-1.0, 1.0, samples, options).unsqueeze(1);
}

}  // namespace fewsound
