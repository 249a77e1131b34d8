#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <vector>

namespace fewsound {

/// Many tensors in few flat pieces, so that a collective of a model's gradients is a few calls:
/// tensors of one dtype are copied into a bucket of some 25 MB, large ones that lie on the right
/// device are taken where they are. Two buckets take turns, so that one is filled or emptied while
/// the other is on its way; they stay allocated.
class FlatBuckets {
 public:
  /// `device`: where the pieces shall lie.
  explicit FlatBuckets(at::Device device) : device_(device) {}

  /// Starts the collective of a flat tensor, and returns what waits for its end.
  using Start = std::function<std::function<void()>(at::Tensor& flat)>;

  /// Runs `start` over all of the tensors' elements, in their order, and writes the results back.
  void run(const std::vector<at::Tensor>& tensors, const Start& start);

 private:
  struct Piece {
    std::vector<at::Tensor> tensors;  // as reals; a single one may be the piece itself
    int64_t elements = 0;
    bool inPlace = false;
  };
  std::vector<Piece> piecesOf(const std::vector<at::Tensor>& tensors) const;
  at::Tensor bucket(size_t which, const Piece& piece);

  static constexpr int64_t kMegabyte = 1'000'000;
  static constexpr int64_t kBucketBytes = 25 * kMegabyte;
  static constexpr int64_t kInPlaceBytes = 4 * kMegabyte;

  at::Device device_;
  std::array<at::Tensor, 2> storages_;  // bytes
};

}  // namespace fewsound
