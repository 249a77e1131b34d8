#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "native/audio/frame_spectra.h"

namespace fewsound {

/// Brings the lowest sample of a recording to -range and the highest to range; one that is constant
/// becomes silence.
template <typename T>
class InputScale {
 public:
  InputScale(at::ArrayRef<float> samples, double range);

  // Divided, as a factor of 1 / extent would be infinite for the smallest extents.
  T operator()(float sample) const {
    return (static_cast<T>(sample) - lowest_) / extent_ * (T(2) * range_) - range_;
  }

 private:
  T lowest_;
  T extent_;  // 1 where it is 0: there is nothing to divide
  T range_;
};

/// How a layer of filters responds to recordings in time and frequency: its STRS and CRS (paper 2,
/// eq. 1 and 2), computed in the dtype of the filters.
///
/// With f_u[t] the filters and x_j[t] the recording from sample j·stride on, STRS(i, j) is the
/// modulus of Σ_u F_u[i] Σ_t f_u[t] x_j[t], which is frequency i of Σ_u f_u[t] Σ_s f_u[s] x_j[s]:
/// one transform for a frame, however many filters there are.
class FilterResponses {
 public:
  /// @param banks filters [filters, length] of each bank, all float32 or all float64, contiguous,
  ///   on the CPU; zeros follow a filter up to the length of the longest
  /// @param bins frequencies from 0 to half the rate in equal steps are one more than this
  /// @param spectra what each filter's response adds to each frequency, [2·(bins + 1), filters of
  ///   all banks], real parts above imaginary ones; for other frequencies than those
  FilterResponses(const std::vector<at::Tensor>& banks, int64_t stride, int64_t bins,
                  const std::optional<at::Tensor>& spectra);
  ~FilterResponses();
  FilterResponses(const FilterResponses&) = delete;
  FilterResponses& operator=(const FilterResponses&) = delete;

  at::ScalarType dtype() const { return dtype_; }
  int64_t bins() const { return bins_; }

  /// Number of responses to a recording of that many samples.
  int64_t frames(int64_t samples) const { return (samples + stride_ - 1) / stride_; }

  /// @param recordings each float32 samples, followed by silence
  /// @param range see `InputScale`; none: recordings are taken as they are
  /// @param strs each [bins + 1, frames], contiguous, to be overwritten, one for each recording;
  ///   or none at all
  /// @param crs [recordings, bins + 1], to be overwritten
  void listen(const std::vector<at::ArrayRef<float>>& recordings, std::optional<double> range,
              const std::vector<at::Tensor>& strs, const at::Tensor& crs) const;

 private:
  /// Filters of one length, and the way back from their responses: to samples of a frame's sum over
  /// the filters, [rows, filters], or to its spectrum.
  struct Bank {
    at::Tensor filters;  // [filters, length]; undefined where `back` is both steps in one
    at::Tensor back;     // [rows, filters], or [rows, length]
  };

  template <typename T>
  class Worker;

  /// What computes in one dtype.
  template <typename T>
  struct Workspace {
    /// Null where the sums over the filters are spectra already.
    std::unique_ptr<const FrameSpectra<T>> transform;
    /// Workers not in use. Allocating their buffers anew for every recording would take longer
    /// than the computation.
    std::vector<std::unique_ptr<Worker<T>>> idle;
  };

  template <typename T>
  std::unique_ptr<Worker<T>> takeWorker() const;

  template <typename T>
  void listenAs(const std::vector<at::ArrayRef<float>>& recordings, std::optional<double> range,
                const std::vector<at::Tensor>& strs, const at::Tensor& crs) const;

  void addBanks(const std::vector<at::Tensor>& banks, const std::optional<at::Tensor>& spectra);

  at::ScalarType dtype_;
  int64_t stride_;
  int64_t bins_;
  int64_t longest_ = 0;
  std::vector<Bank> banks_;   // the one with the most rows first
  mutable std::mutex mutex_;  // of the idle workers
  mutable std::tuple<Workspace<float>, Workspace<double>>
      workspaces_;  // that of the dtype is in use
};

}  // namespace fewsound
