#include "native/analysis/filter_responses.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "native/cpu/round_up.h"
#include "native/parallel_for.h"

namespace fewsound {
namespace {

/// Frames that go through all steps together, so that what passes between these stays in the second
/// cache level.
constexpr int64_t kChunk = 160;

constexpr int64_t kMostBins = 1'048'576;
constexpr int64_t kLongestStride = 16'777'216;

/// Sums over a chunk of frames, by bin, that are kept until they are added up: 128 MiB.
constexpr int64_t kMostTotals = 16'777'216;

/// Filters longer than a transform of `size`, their parts added: their frequencies are the same.
at::Tensor folded(const at::Tensor& filters, int64_t size) {
  const int64_t length = filters.size(1);
  if (length <= size) return filters;
  const int64_t parts = (length + size - 1) / size;
  return at::constant_pad_nd(filters, {0, parts * size - length})
      .reshape({filters.size(0), parts, size})
      .sum(1);
}

/// What is added to a matrix with fewer rows or columns.
at::Tensor enlarged(const at::Tensor& matrix, int64_t rows, int64_t columns) {
  return at::constant_pad_nd(matrix, {0, columns - matrix.size(1), 0, rows - matrix.size(0)});
}

}  // namespace

template <typename T>
InputScale<T>::InputScale(at::ArrayRef<float> samples, double range) {
  float lowest = samples.empty() ? 0.0F : samples.front();
  float highest = lowest;
#pragma omp simd reduction(min : lowest) reduction(max : highest)
  for (size_t i = 0; i < samples.size(); ++i) {
    lowest = std::min(lowest, samples.data()[i]);
    highest = std::max(highest, samples.data()[i]);
  }
  const bool varies = highest > lowest;
  lowest_ = static_cast<T>(lowest);
  extent_ = varies ? static_cast<T>(highest) - static_cast<T>(lowest) : T(1);
  range_ = varies ? static_cast<T>(range) : T(0);
}

template class InputScale<float>;
template class InputScale<double>;

FilterResponses::FilterResponses(const std::vector<at::Tensor>& banks, int64_t stride, int64_t bins,
                                 const std::optional<at::Tensor>& spectra)
    : stride_(stride), bins_(bins) {
  const at::NoGradGuard noGrad;
  TORCH_CHECK_VALUE(!banks.empty(), "expected at least one filter bank");
  TORCH_CHECK_VALUE(stride >= 1 && stride <= kLongestStride, "stride is ", stride,
                    "; expected 1 to ", kLongestStride);
  TORCH_CHECK_VALUE(bins >= 1 && bins <= kMostBins, "bins is ", bins, "; expected 1 to ",
                    kMostBins);
  dtype_ = banks[0].scalar_type();
  TORCH_CHECK_TYPE(dtype_ == at::kFloat || dtype_ == at::kDouble, "filters are ", dtype_,
                   "; expected float32 or float64");
  int64_t filters = 0;
  for (const at::Tensor& bank : banks) {
    TORCH_CHECK_VALUE(bank.dim() == 2 && bank.numel() > 0, "filters have the shape ", bank.sizes(),
                      "; expected [filters, length]");
    TORCH_CHECK_TYPE(bank.scalar_type() == dtype_ && bank.is_cpu(),
                     "the banks must be of one dtype, on the CPU");
    filters += bank.size(0);
    longest_ = std::max(longest_, bank.size(1));
  }
  if (spectra) {
    TORCH_CHECK_VALUE(spectra->dim() == 2 && spectra->size(0) == 2 * (bins + 1) &&
                          spectra->size(1) == filters && spectra->is_cpu(),
                      "spectra have the shape ", spectra->sizes(), "; expected [", 2 * (bins + 1),
                      ", ", filters, "] on the CPU");
  } else {
    TORCH_CHECK_VALUE(std::has_single_bit(static_cast<uint64_t>(bins)), "bins is ", bins,
                      "; without spectra it must be a power of two");
    AT_DISPATCH_FLOATING_TYPES(dtype_, "filter responses", [&] {
      std::get<Workspace<scalar_t>>(workspaces_).transform =
          std::make_unique<const FrameSpectra<scalar_t>>(2 * bins);
    });
  }
  addBanks(banks, spectra);
}

void FilterResponses::addBanks(const std::vector<at::Tensor>& banks,
                               const std::optional<at::Tensor>& spectra) {
  int64_t first = 0;
  int64_t steps = 0;  // multiplications of the two steps, for a frame
  for (const at::Tensor& bank : banks) {
    const at::Tensor filters = bank.detach().to(at::kDouble);
    const int64_t count = filters.size(0);
    const at::Tensor back = spectra ? spectra->detach().to(at::kDouble).narrow(1, first, count)
                                    : folded(filters, 2 * bins_).t();
    banks_.push_back({filters, back});
    first += count;
    steps += count * (filters.size(1) + back.size(0));
  }
  std::stable_sort(banks_.begin(), banks_.end(),
                   [](const Bank& a, const Bank& b) { return a.back.size(0) > b.back.size(0); });
  const int64_t rows = banks_[0].back.size(0);
  if (rows * longest_ <= steps) {
    at::Tensor both = at::zeros({rows, longest_}, at::kDouble);
    for (const Bank& bank : banks_) {
      both += enlarged(bank.back.matmul(bank.filters), rows, longest_);
    }
    banks_ = {{{}, both}};
  }
  for (Bank& bank : banks_) {
    if (bank.filters.defined()) bank.filters = bank.filters.to(dtype_).contiguous();
    bank.back = bank.back.to(dtype_).contiguous();
  }
}

/// Computes one stretch of frames after the other, in buffers of its own.
template <typename T>
class FilterResponses::Worker {
 public:
  explicit Worker(const FilterResponses& layer)
      : layer_(layer),
        transform_(std::get<Workspace<T>>(layer.workspaces_).transform.get()),
        rows_(layer.banks_[0].back.size(0)),
        phases_(std::min(layer.stride_, layer.longest_)),
        pitch_(kChunk + (layer.longest_ - 1) / layer.stride_),
        samples_(static_cast<size_t>(phases_ * pitch_)),
        magnitudes_(static_cast<size_t>((layer.bins_ + 1) * kChunk)) {
    const at::TensorOptions options = at::dtype(layer.dtype_);
    int64_t filters = 0;
    for (const Bank& bank : layer.banks_) {
      if (bank.filters.defined()) filters = std::max(filters, bank.filters.size(0));
    }
    frames_ = at::empty({layer.longest_, kChunk}, options);
    responses_ = at::empty({filters, kChunk}, options);
    sums_ = at::empty({rows_, kChunk}, options);
    if (transform_ != nullptr) {
      scratch_.resize(static_cast<size_t>(transform_->scratchSize()));
    }
  }

  /// Frames [first, first + count) of a recording.
  ///
  /// @param scale none: the recording is taken as it is
  /// @param strs where frame `first` has its lowest frequency, rows `pitch` apart; null: nowhere
  /// @param totals [bins + 1], sums over these frames
  void compute(at::ArrayRef<float> recording, const std::optional<InputScale<T>>& scale,
               int64_t first, int64_t count, T* strs, int64_t pitch, double* totals) {
    // Whole vectors: silence follows the frames that count.
    const int64_t width =
        std::min(kChunk, transform_ == nullptr ? count : cpu::roundUp(count, transform_->lanes()));
    if (scale) {
      gather(recording, *scale, first, width);
    } else {
      gather(recording, [](float sample) { return static_cast<T>(sample); }, first, width);
    }
    const at::Tensor frames = frames_.narrow(1, 0, width);
    at::Tensor sums = sums_.narrow(1, 0, width);
    sumOverFilters(frames, sums);
    if (transform_ == nullptr) {
      takeModuli(count);
    } else {
      transform(count);
    }
    for (int64_t bin = 0; bin <= layer_.bins_; ++bin) {
      const T* const row = magnitudes_.data() + bin * kChunk;
      if (strs != nullptr) std::copy_n(row, count, strs + bin * pitch);
      T total = 0;
#pragma omp simd reduction(+ : total)
      for (int64_t j = 0; j < count; ++j) total += row[j];
      totals[bin] = static_cast<double>(total);
    }
  }

 private:
  /// Sample t of every frame side by side, [longest, width]. With the samples of each phase of the
  /// stride in a row, these are stretches of rows.
  template <typename Scale>
  void gather(at::ArrayRef<float> recording, const Scale& scale, int64_t first, int64_t width) {
    const int64_t stride = layer_.stride_;
    const int64_t columns = width + (layer_.longest_ - 1) / stride;
    const auto samples = static_cast<int64_t>(recording.size());
    for (int64_t phase = 0; phase < phases_; ++phase) {
      T* const row = samples_.data() + phase * pitch_;
      const int64_t start = first * stride + phase;
      const int64_t there =
          start < samples ? std::min(columns, (samples - start + stride - 1) / stride) : 0;
      for (int64_t i = 0; i < there; ++i) row[i] = scale(recording.data()[start + i * stride]);
      std::fill(row + there, row + columns, T(0));
    }
    T* const frames = frames_.mutable_data_ptr<T>();
    for (int64_t t = 0; t < layer_.longest_; ++t) {
      const T* const row = samples_.data() + t % stride * pitch_ + t / stride;
      std::memcpy(frames + t * kChunk, row, static_cast<size_t>(width) * sizeof(T));
    }
  }

  void sumOverFilters(const at::Tensor& frames, at::Tensor& sums) {
    bool begun = false;
    for (const Bank& bank : layer_.banks_) {
      at::Tensor responses = frames;
      if (bank.filters.defined()) {
        responses = responses_.narrow(0, 0, bank.filters.size(0)).narrow(1, 0, frames.size(1));
        at::mm_out(responses, bank.filters, frames.narrow(0, 0, bank.filters.size(1)));
      }
      // The first bank has all rows.
      at::Tensor to = sums.narrow(0, 0, bank.back.size(0));
      if (begun) {
        to.addmm_(bank.back, responses);
      } else {
        at::mm_out(to, bank.back, responses);
      }
      begun = true;
    }
  }

  /// Whole vectors: silence follows the frames that count.
  void transform(int64_t count) {
    for (int64_t first = 0; first < count; first += transform_->lanes()) {
      transform_->magnitudes(rows_, sums_.const_data_ptr<T>() + first, kChunk, scratch_.data(),
                             magnitudes_.data() + first, kChunk);
    }
  }

  void takeModuli(int64_t count) {
    const T* const sums = sums_.const_data_ptr<T>();
    for (int64_t bin = 0; bin <= layer_.bins_; ++bin) {
      const T* const real = sums + bin * kChunk;
      const T* const imaginary = real + (layer_.bins_ + 1) * kChunk;
      T* const to = magnitudes_.data() + bin * kChunk;
#pragma omp simd
      for (int64_t j = 0; j < count; ++j) {
        to[j] = std::sqrt(real[j] * real[j] + imaginary[j] * imaginary[j]);
      }
    }
  }

  const FilterResponses& layer_;
  const FrameSpectra<T>* transform_;  // null: the sums over the filters are spectra
  int64_t rows_;
  int64_t phases_;
  int64_t pitch_;              // of `samples_`
  std::vector<T> samples_;     // [phases, pitch]
  std::vector<T> magnitudes_;  // [bins + 1, kChunk]
  std::vector<T> scratch_;
  at::Tensor frames_;     // [longest, kChunk]
  at::Tensor responses_;  // [filters of the largest bank, kChunk]
  at::Tensor sums_;       // [rows, kChunk]
};

FilterResponses::~FilterResponses() = default;

template <typename T>
std::unique_ptr<FilterResponses::Worker<T>> FilterResponses::takeWorker() const {
  const std::lock_guard lock(mutex_);
  auto& idle = std::get<Workspace<T>>(workspaces_).idle;
  if (idle.empty()) return std::make_unique<Worker<T>>(*this);
  std::unique_ptr<Worker<T>> worker = std::move(idle.back());
  idle.pop_back();
  return worker;
}

void FilterResponses::listen(const std::vector<at::ArrayRef<float>>& recordings,
                             std::optional<double> range, const std::vector<at::Tensor>& strs,
                             const at::Tensor& crs) const {
  const auto require = [this](const at::Tensor& tensor, at::IntArrayRef shape, const char* name) {
    TORCH_CHECK_VALUE(tensor.sizes() == shape, name, " has the shape ", tensor.sizes(),
                      "; expected ", shape);
    TORCH_CHECK_TYPE(tensor.scalar_type() == dtype_ && tensor.is_cpu() && tensor.is_contiguous(),
                     name, " must be ", dtype_, ", contiguous and on the CPU");
  };
  const auto count = static_cast<int64_t>(recordings.size());
  require(crs, {count, bins_ + 1}, "crs");
  TORCH_CHECK_VALUE(strs.empty() || static_cast<int64_t>(strs.size()) == count, "there are ",
                    strs.size(), " STRS for ", count, " recordings");
  for (int64_t i = 0; i < count; ++i) {
    TORCH_CHECK_VALUE(!recordings[i].empty(), "recording ", i, " has no samples");
    if (strs.empty()) continue;
    require(strs[i], {bins_ + 1, frames(static_cast<int64_t>(recordings[i].size()))}, "strs");
  }
  AT_DISPATCH_FLOATING_TYPES(dtype_, "listen",
                             [&] { listenAs<scalar_t>(recordings, range, strs, crs); });
}

template <typename T>
void FilterResponses::listenAs(const std::vector<at::ArrayRef<float>>& recordings,
                               std::optional<double> range, const std::vector<at::Tensor>& strs,
                               const at::Tensor& crs) const {
  struct Stretch {
    size_t recording;
    int64_t first;
    int64_t frames;  // of the recording
  };
  std::vector<Stretch> stretches;
  std::vector<std::optional<InputScale<T>>> scales;
  for (size_t i = 0; i < recordings.size(); ++i) {
    scales.emplace_back();
    if (range) scales.back().emplace(recordings[i], *range);
    const int64_t frameCount = frames(static_cast<int64_t>(recordings[i].size()));
    for (int64_t first = 0; first < frameCount; first += kChunk) {
      stretches.push_back({i, first, frameCount});
    }
  }
  const int64_t bins = bins_ + 1;
  const auto all = static_cast<int64_t>(stretches.size());
  const int64_t most = std::min(all, std::max<int64_t>(kMostTotals / bins, 1));
  std::vector<double> totals(static_cast<size_t>(most * bins));
  std::vector<double> sums(recordings.size() * static_cast<size_t>(bins));
  for (int64_t start = 0; start < all; start += most) {
    const int64_t stop = std::min(all, start + most);
    parallelFor(start, stop, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard noGrad;
      std::unique_ptr<Worker<T>> worker = takeWorker<T>();
      for (int64_t each = begin; each < end; ++each) {
        const auto& [recording, first, frameCount] = stretches[each];
        T* const to =
            strs.empty() ? nullptr : strs[recording].template mutable_data_ptr<T>() + first;
        worker->compute(recordings[recording], scales[recording], first,
                        std::min(kChunk, frameCount - first), to, frameCount,
                        totals.data() + (each - start) * bins);
      }
      const std::lock_guard lock(mutex_);
      std::get<Workspace<T>>(workspaces_).idle.push_back(std::move(worker));
    });
    // In the order of the frames, so that the result does not depend on the threads.
    for (int64_t each = start; each < stop; ++each) {
      double* const sum = sums.data() + stretches[each].recording * bins;
      const double* const total = totals.data() + (each - start) * bins;
      for (int64_t bin = 0; bin < bins; ++bin) sum[bin] += total[bin];
    }
  }
  T* const means = crs.mutable_data_ptr<T>();
  for (size_t i = 0; i < recordings.size(); ++i) {
    const auto frameCount = static_cast<double>(frames(static_cast<int64_t>(recordings[i].size())));
    for (int64_t bin = 0; bin < bins; ++bin) {
      const size_t place = i * bins + bin;
      means[place] = static_cast<T>(sums[place] / frameCount);
    }
  }
}

}  // namespace fewsound
