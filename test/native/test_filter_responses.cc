#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <bit>
#include <numbers>

#include "native/analysis/filter_responses.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

struct Case {
  std::vector<std::pair<int64_t, int64_t>> banks;  // filters and their length
  int64_t stride;
  int64_t bins;
  int64_t samples;
};

std::vector<Case> cases() {
  return {
      {{{3, 7}}, 2, 8, 50},
      {{{80, 30}}, 10, 64, 3333},  // both steps in one
      {{{4, 90}}, 3, 16, 1000},    // one after the other, filters longer than the transform
      {{{5, 4}, {5, 20}, {2, 20}}, 1, 4, 400},
      {{{2, 3}}, 5, 8, 7},  // between two responses there is more than a filter hears
      {{{1, 1}}, 1, 1, 1},
      {{{3, 12}, {2, 5}}, 4, 6, 700},  // no transform of a power of two
  };
}

std::vector<at::Tensor> randomBanks(const Case& each, at::ScalarType dtype) {
  std::vector<at::Tensor> banks;
  banks.reserve(each.banks.size());
  for (const auto& [filters, length] : each.banks) {
    banks.push_back(at::randn({filters, length}, dtype));
  }
  return banks;
}

/// What each filter's response adds to frequencies in equal steps.
at::Tensor spectraOf(const std::vector<at::Tensor>& banks, int64_t bins) {
  std::vector<at::Tensor> columns;
  for (const at::Tensor& bank : banks) {
    const at::Tensor turns = at::outer(
        at::arange(bins + 1, at::kDouble),
        at::arange(bank.size(1), at::kDouble) * (-std::numbers::pi / static_cast<double>(bins)));
    columns.push_back(at::cat({turns.cos(), turns.sin()}).matmul(bank.to(at::kDouble).t()));
  }
  return at::cat(columns, 1);
}

std::vector<at::ArrayRef<float>> arraysOf(const std::vector<at::Tensor>& signals) {
  std::vector<at::ArrayRef<float>> arrays;
  arrays.reserve(signals.size());
  for (const at::Tensor& signal : signals) {
    arrays.emplace_back(signal.const_data_ptr<float>(), signal.numel());
  }
  return arrays;
}

/// STRS [bins + 1, frames] as eq. 1 has it.
at::Tensor byDefinition(const std::vector<at::Tensor>& banks, const Case& each,
                        const at::Tensor& signal) {
  const int64_t frames = (signal.numel() + each.stride - 1) / each.stride;
  std::vector<at::Tensor> responses;
  for (const at::Tensor& bank : banks) {
    const int64_t length = bank.size(1);
    const at::Tensor padded =
        at::constant_pad_nd(signal.to(at::kDouble), {0, (frames - 1) * each.stride + length});
    const at::Tensor heard = padded.unfold(0, length, each.stride).narrow(0, 0, frames);
    responses.push_back(bank.to(at::kDouble).matmul(heard.t()));
  }
  const auto parts = spectraOf(banks, each.bins).matmul(at::cat(responses)).chunk(2);
  return (parts[0].square() + parts[1].square()).sqrt();
}

void compare(at::ScalarType dtype, double tolerance) {
  for (const Case& each : cases()) {
    const std::vector<at::Tensor> banks = randomBanks(each, dtype);
    const bool isPowerOfTwo = std::has_single_bit(static_cast<uint64_t>(each.bins));
    std::optional<at::Tensor> spectra;
    if (!isPowerOfTwo) spectra = spectraOf(banks, each.bins);
    const FilterResponses layer(banks, each.stride, each.bins, spectra);
    const std::vector<int64_t> lengths = {each.samples, each.samples + 1, 2 * each.samples};
    std::vector<at::Tensor> signals;
    std::vector<at::Tensor> strs;
    for (const int64_t length : lengths) {
      signals.push_back(at::randn({length}));
      strs.push_back(at::full({each.bins + 1, layer.frames(length)}, std::nan(""), dtype));
    }
    const auto count = static_cast<int64_t>(lengths.size());
    for (const bool scaled : {false, true}) {
      const std::optional<double> range = scaled ? std::optional(0.1) : std::nullopt;
      const at::Tensor crs = at::empty({count, each.bins + 1}, dtype);
      layer.listen(arraysOf(signals), range, strs, crs);
      const at::Tensor means = at::empty_like(crs);
      layer.listen(arraysOf(signals), range, {}, means);
      CHECK(at::equal(means, crs));
      for (int64_t i = 0; i < count; ++i) {
        at::Tensor input = signals[i].to(at::kDouble);
        const at::Tensor extent = input.max() - input.min();
        if (scaled && extent.item<double>() > 0.0) {
          input = (input - input.min()) / extent * 0.2 - 0.1;
        } else if (scaled) {
          input = at::zeros_like(input);
        }
        const at::Tensor expected = byDefinition(banks, each, input);
        const double scale = std::max(expected.max().item<double>(), 1e-300);
        CHECK_CLOSE((strs[i] - expected).abs().max().item<double>() / scale, 0.0, tolerance);
        CHECK_CLOSE((crs[i] - expected.mean(1)).abs().max().item<double>() / scale, 0.0, tolerance);
      }
    }
  }
}

}  // namespace

TEST(responsesAreThoseOfTheDefinition) {
  at::manual_seed(3);
  for (const int threads : {1, 4}) {
    at::set_num_threads(threads);
    compare(at::kDouble, 1e-13);
    compare(at::kFloat, 2e-6);
  }
}

TEST(resultsDoNotDependOnTheThreads) {
  at::manual_seed(4);
  const FilterResponses layer({at::randn({20, 60})}, 5, 128, std::nullopt);
  const std::vector<at::Tensor> signals = {at::randn({4001}), at::randn({3000})};
  std::vector<at::Tensor> found;
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    found.push_back(at::empty({2, 129}));
    layer.listen(arraysOf(signals), 0.1, {}, found.back());
  }
  CHECK(at::equal(found[0], found[1]));
  CHECK(at::equal(found[0], found[2]));
}

TEST(whatDoesNotFitIsRefused) {
  const at::Tensor bank = at::randn({2, 5});
  CHECK_THROWS(FilterResponses({}, 1, 8, std::nullopt), "at least one filter bank");
  CHECK_THROWS(FilterResponses({bank}, 0, 8, std::nullopt), "stride is 0");
  CHECK_THROWS(FilterResponses({bank}, 1, 0, std::nullopt), "bins is 0");
  CHECK_THROWS(FilterResponses({bank}, 1, 6, std::nullopt), "must be a power of two");
  CHECK_THROWS(FilterResponses({bank}, 1, 6, at::zeros({14, 3})), "expected [14, 2]");
  CHECK_THROWS(FilterResponses({at::zeros({5})}, 1, 8, std::nullopt), "expected [filters, length]");
  CHECK_THROWS(FilterResponses({at::zeros({2, 5}, at::kLong)}, 1, 8, std::nullopt),
               "expected float32");
  CHECK_THROWS(FilterResponses({bank, bank.to(at::kDouble)}, 1, 8, std::nullopt), "of one dtype");
  const FilterResponses layer({bank}, 1, 8, std::nullopt);
  const std::vector<at::Tensor> signals = {at::zeros({20})};
  const auto arrays = arraysOf(signals);
  const auto listen = [&](const std::vector<at::Tensor>& strs, const at::Tensor& crs) {
    layer.listen(arrays, std::nullopt, strs, crs);
  };
  CHECK_THROWS(listen({}, at::zeros({1, 8})), "crs has the shape");
  CHECK_THROWS(listen({at::zeros({9, 19})}, at::zeros({1, 9})), "strs has the shape");
  CHECK_THROWS(listen({}, at::zeros({1, 9}, at::kDouble)), "must be Float");
  const std::vector<at::Tensor> two = {at::zeros({9, 20}), at::zeros({9, 20})};
  CHECK_THROWS(listen(two, at::zeros({1, 9})), "2 STRS for 1");
  CHECK_THROWS(layer.listen({at::ArrayRef<float>()}, 0.1, {}, at::zeros({1, 9})), "no samples");
}
