#include "native/audio/frame_spectra.h"

#include <c10/util/Exception.h>

#include <bit>
#include <cmath>
#include <numbers>

namespace fewsound {
namespace {

/// Eights, and what is left of the power of two.
std::vector<int64_t> radices(int64_t size) {
  std::vector<int64_t> found;
  for (; size >= 8; size /= 8) found.push_back(8);
  if (size > 1) found.push_back(size);
  return found;
}

/// Appends e^(-2πi · part / whole).
template <typename T>
void appendTurn(std::vector<T>& numbers, int64_t part, int64_t whole) {
  const double angle =
      2.0 * std::numbers::pi * static_cast<double>(part) / static_cast<double>(whole);
  numbers.push_back(static_cast<T>(std::cos(angle)));
  numbers.push_back(static_cast<T>(-std::sin(angle)));
}

}  // namespace

template <typename T>
FrameSpectra<T>::FrameSpectra(int64_t size) : half_(size / 2) {
  TORCH_CHECK_VALUE(size >= 2 && std::has_single_bit(static_cast<uint64_t>(size)),
                    "a transform of ", size, " samples; expected a power of two, 2 or more");
  places_.assign(static_cast<size_t>(half_), 0);
  std::vector<size_t> twiddles;  // of each pass, where they begin
  int64_t block = half_;
  int64_t step = 1;  // between frequencies that one block will hold
  for (const int64_t radix : radices(half_)) {
    const int64_t span = block / radix;
    twiddles.push_back(twiddles_.size());
    for (int64_t j = 0; j < span; ++j) {
      for (int64_t p = 1; p < radix; ++p) appendTurn(twiddles_, j * p, block);
    }
    passes_.push_back({radix, span, nullptr});
    // Output p of a pass goes to its block p, and is p in the frequency's digit of this pass.
    for (int64_t k = 0; k < half_; ++k) places_[k] += k / step % radix * span;
    step *= radix;
    block = span;
  }
  for (size_t i = 0; i < passes_.size(); ++i) passes_[i].twiddles = twiddles_.data() + twiddles[i];
  for (int64_t k = 0; k <= half_ / 2; ++k) appendTurn(turns_, k, size);
  tables_ = {half_, passes_.data(), places_.data(), turns_.data()};
}

template class FrameSpectra<float>;
template class FrameSpectra<double>;

}  // namespace fewsound
