#include "native/nn/inr.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace fewsound {
namespace {

bool isHypernetworkWeight(const std::string& name) {
  return !name.starts_with("encoding.") && !name.ends_with(".omega");
}

}  // namespace

void fields(OptionVisitor& visit, InrOptions& options) {
  visit(
      {.name = "envelope",
       .meaning = "What the amplitude is multiplied by: values at equal distances over the "
                  "recording, the first at its beginning and the last at its end, between them "
                  "along lines. `fit` learns the recording divided by them. None: no such factor.",
       .flag = Flag{.value = "<points>"}},
      options.envelope, Reals{kPositive, {0, 65'536, "values above 0"}});
}

Inr::Inr(std::string name, const InrOptions& options)
    : Model(std::move(name)), envelope_(options.envelope) {}

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

at::Tensor Inr::envelope(const at::Tensor& t) const {
  if (envelope_.empty()) return {};
  const int64_t last = std::ssize(envelope_) - 1;
  const at::Tensor values = at::tensor(envelope_, t.options());
  const at::Tensor place = ((t + 1) * (0.5 * static_cast<double>(last))).clamp(0, last);
  const at::Tensor before = place.floor().clamp_max(std::max<int64_t>(last - 1, 0));
  // Times that are no numbers have none of their own, and give none.
  const at::Tensor index = before.nan_to_num(0.0).to(at::kLong).flatten();
  const auto valuesAt = [&](int64_t offset) {
    return values.index_select(0, (index + offset).clamp_max(last)).view(t.sizes());
  };
  return at::lerp(valuesAt(0), valuesAt(1), place - before);
}

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
