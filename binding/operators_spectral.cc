#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {
namespace {

using at::Tensor;

/// ATen takes a rectangular window where none is given, but warns of it on stderr.
Tensor windowFor(const Tensor& input, int64_t fftSize, std::optional<int64_t> windowLength,
                 const std::optional<Tensor>& window) {
  if (window || fftSize <= 0) return window.value_or(Tensor());
  return at::ones({windowLength.value_or(fftSize)},
                  input.options().dtype(at::toRealValueType(input.scalar_type())));
}

}  // namespace

void addSpectralOperators(OperatorTable& table) {
  table.add(
      "fft",
      "Discrete Fourier transform along dim, padded or cut to n. norm is 'backward', 'ortho' "
      "or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_fft(input, n, dim, norm); });
  table.add(
      "ifft", "Inverse of fft. norm is 'backward', 'ortho' or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_ifft(input, n, dim, norm); });
  table.add(
      "rfft",
      "Non-negative frequencies of the transform of a real signal, n/2 + 1 of them. norm is "
      "'backward', 'ortho' or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_rfft(input, n, dim, norm); });
  table.add(
      "irfft",
      "Inverse of rfft; n is the length of the result, 2·(m - 1) by default. norm is "
      "'backward', 'ortho' or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_irfft(input, n, dim, norm); });
  table.add(
      "hfft",
      "Transform of a Hermitian signal, real; n is the length of the result. norm is "
      "'backward', 'ortho' or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_hfft(input, n, dim, norm); });
  table.add(
      "ihfft", "Inverse of hfft. norm is 'backward', 'ortho' or 'forward'.",
      {"input", {"n", nullptr}, {"dim", -1}, {"norm", nullptr}},
      [](const Tensor& input, std::optional<int64_t> n, int64_t dim,
         const std::optional<std::string>& norm) { return at::fft_ihfft(input, n, dim, norm); });
  table.add("fft2", "Two-dimensional transform of the last two dimensions.", {"input"},
            [](const Tensor& input) { return at::fft_fft2(input); });
  table.add("ifft2", "Inverse of fft2.", {"input"},
            [](const Tensor& input) { return at::fft_ifft2(input); });
  table.add("fftfreq", "Frequencies of the bins of fft for n samples `spacing` apart, [n].",
            {"n", {"spacing", 1.0}, {"dtype", 0}, {"device", nullptr}},
            [](int64_t n, double spacing, at::ScalarType dtype, const Device& device) {
              return at::fft_fftfreq(n, spacing,
                                     at::TensorOptions().dtype(dtype).device(device.device));
            });
  table.add("rfftfreq", "Frequencies of the bins of rfft, [n/2 + 1].",
            {"n", {"spacing", 1.0}, {"dtype", 0}, {"device", nullptr}},
            [](int64_t n, double spacing, at::ScalarType dtype, const Device& device) {
              return at::fft_rfftfreq(n, spacing,
                                      at::TensorOptions().dtype(dtype).device(device.device));
            });
  table.add("fftshift", "Frequency zero moved to the middle.", {"input", {"dim", nullptr}},
            [](const Tensor& input, const Dims& dim) { return at::fft_fftshift(input, dim); });
  table.add("ifftshift", "Frequency zero moved back from the middle.", {"input", {"dim", nullptr}},
            [](const Tensor& input, const Dims& dim) { return at::fft_ifftshift(input, dim); });
  table.add(
      "stft",
      "Short-time Fourier transform, [samples] or [batch, samples] to complex [batch, "
      "fftSize/2 + 1, frames]. hop is fftSize/4 by default, the window rectangular. Centred "
      "frames pad the ends in padMode.",
      {"input",
       "fftSize",
       {"hop", nullptr},
       {"windowLength", nullptr},
       {"window", nullptr},
       {"center", true},
       {"padMode", "reflect"},
       {"normalized", false},
       {"onesided", nullptr}},
      [](const Tensor& input, int64_t fftSize, std::optional<int64_t> hop,
         std::optional<int64_t> windowLength, const std::optional<Tensor>& window, bool center,
         const std::string& padMode, bool normalized, std::optional<bool> onesided) {
        return at::stft(input, fftSize, hop, windowLength,
                        windowFor(input, fftSize, windowLength, window), center, padMode,
                        normalized, onesided, /*return_complex=*/true);
      });
  table.add(
      "istft",
      "Inverse of stft by overlap and add, [batch, frequencies, frames] to [batch, samples].",
      {"input",
       "fftSize",
       {"hop", nullptr},
       {"windowLength", nullptr},
       {"window", nullptr},
       {"center", true},
       {"normalized", false},
       {"onesided", nullptr},
       {"length", nullptr}},
      [](const Tensor& input, int64_t fftSize, std::optional<int64_t> hop,
         std::optional<int64_t> windowLength, const std::optional<Tensor>& window, bool center,
         bool normalized, std::optional<bool> onesided, std::optional<int64_t> length) {
        return at::istft(input, fftSize, hop, windowLength,
                         windowFor(input, fftSize, windowLength, window), center, normalized,
                         onesided, length, /*return_complex=*/false);
      });
}

}  // namespace fewsound::binding
