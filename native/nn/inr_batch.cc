#include "native/nn/inr_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace fewsound {
namespace {

/// Whether networks may differ in a buffer: each encodes by its own.
bool isOfEncoding(const std::string& name) { return name.starts_with("encoding."); }

void checkAlike(const Inr& first, const Inr& other, size_t index) {
  const auto entries = [](const Inr& network) {
    auto all = network.named_parameters().pairs();
    const auto buffers = network.named_buffers().pairs();
    all.insert(all.end(), buffers.begin(), buffers.end());
    return all;
  };
  const auto expected = entries(first);
  const auto given = entries(other);
  bool alike = first.name() == other.name() && expected.size() == given.size();
  for (size_t i = 0; alike && i < expected.size(); ++i) {
    const auto& [name, tensor] = expected[i];
    alike = given[i].first == name && given[i].second.sizes() == tensor.sizes() &&
            given[i].second.options().type_equal(tensor.options());
  }
  TORCH_CHECK_VALUE(alike, "network ", index,
                    " is of another architecture, dtype or device than network 0; networks that "
                    "learn in one loop must be alike");
  const auto buffers = first.named_buffers();
  for (const auto& buffer : other.named_buffers()) {
    if (isOfEncoding(buffer.key())) continue;
    TORCH_CHECK_VALUE(buffer.value().equal(buffers[buffer.key()]), "network ", index,
                      " has other fixed values of \"", buffer.key(),
                      "\" than network 0; networks that learn in one loop must share them");
  }
}

}  // namespace

InrBatch::InrBatch(std::vector<std::shared_ptr<Inr>> networks) : networks_(std::move(networks)) {
  TORCH_CHECK_VALUE(!networks_.empty(), "there is no network; expected at least one");
  const Inr& first = *networks_.front();
  names_ = first.named_parameters().keys();
  if (networks_.size() == 1) {
    parameters_ = first.parameters();
    return;
  }
  TORCH_CHECK_VALUE(first.weightLayout().size() == names_.size(), first.name(),
                    " cannot learn several recordings in one loop: that is for networks without "
                    "learnable encodings or frequencies; fit them one by one");
  for (size_t i = 1; i < networks_.size(); ++i) {
    checkAlike(first, *networks_[i], i);
    const auto before = networks_.begin() + static_cast<ptrdiff_t>(i);
    TORCH_CHECK_VALUE(std::find(networks_.begin(), before, networks_[i]) == before, "network ", i,
                      " comes twice; every clip needs a network of its own");
  }
  for (const auto& parameter : first.named_parameters()) {
    std::vector<int64_t> shape = parameter.value().sizes().vec();
    shape.insert(shape.begin(), size());
    parameters_.push_back(at::empty(shape, parameter.value().options().requires_grad(false)));
    parameters_.back().requires_grad_();
    weights_[parameter.key()] = parameters_.back();
  }
  load();
}

at::Tensor InrBatch::encode(const at::Tensor& t) const {
  const Inr& first = *networks_.front();
  const auto buffers = first.named_buffers();
  const bool shared = std::all_of(networks_.begin(), networks_.end(), [&](const auto& network) {
    const auto own = network->named_buffers();
    return std::all_of(own.begin(), own.end(), [&](const auto& buffer) {
      return !isOfEncoding(buffer.key()) || buffer.value().equal(buffers[buffer.key()]);
    });
  });
  if (shared) return first.encode(t);
  std::vector<at::Tensor> features;
  features.reserve(networks_.size());
  for (const auto& network : networks_) features.push_back(network->encode(t));
  return at::stack(features);
}

at::Tensor InrBatch::envelopes(const at::Tensor& t) const {
  std::vector<at::Tensor> envelopes;
  bool any = false;
  for (const auto& network : networks_) {
    const at::Tensor own = network->envelope(t);
    any = any || own.defined();
    envelopes.push_back((own.defined() ? own : at::ones_like(t)).flatten());
  }
  return any ? at::stack(envelopes) : at::Tensor();
}

at::Tensor InrBatch::decode(const at::Tensor& features) {
  const WeightMap* const weights = weights_.empty() ? nullptr : &weights_;
  return networks_.front()->decode(features, weights).view({size(), -1});
}

void InrBatch::load() {
  if (weights_.empty()) return;
  const at::NoGradGuard noGrad;
  for (size_t i = 0; i < networks_.size(); ++i) {
    for (const auto& parameter : networks_[i]->named_parameters()) {
      weights_.at(parameter.key())[static_cast<int64_t>(i)].copy_(parameter.value());
    }
  }
}

void InrBatch::store() const {
  if (weights_.empty()) return;
  const at::NoGradGuard noGrad;
  for (size_t i = 0; i < networks_.size(); ++i) {
    for (auto& parameter : networks_[i]->named_parameters()) {
      parameter.value().copy_(weights_.at(parameter.key())[static_cast<int64_t>(i)]);
    }
  }
}

}  // namespace fewsound
