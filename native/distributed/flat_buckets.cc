#include "native/distributed/flat_buckets.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace fewsound {
namespace {

int64_t bytesOf(const at::Tensor& tensor) { return static_cast<int64_t>(tensor.nbytes()); }

}  // namespace

std::vector<FlatBuckets::Piece> FlatBuckets::piecesOf(
    const std::vector<at::Tensor>& tensors) const {
  std::vector<Piece> pieces;
  for (const at::Tensor& given : tensors) {
    if (given.numel() == 0) continue;
    const at::Tensor tensor =
        given.is_complex() ? at::view_as_real(given.detach()) : given.detach();
    const bool inPlace =
        tensor.device() == device_ && tensor.is_contiguous() && bytesOf(tensor) >= kInPlaceBytes;
    const bool fits =
        !pieces.empty() && !pieces.back().inPlace && !inPlace &&
        pieces.back().tensors.front().scalar_type() == tensor.scalar_type() &&
        pieces.back().elements * tensor.element_size() + bytesOf(tensor) <= kBucketBytes;
    if (!fits) pieces.emplace_back().inPlace = inPlace;
    pieces.back().tensors.push_back(tensor);
    pieces.back().elements += tensor.numel();
  }
  return pieces;
}

at::Tensor FlatBuckets::bucket(size_t which, const Piece& piece) {
  const at::ScalarType dtype = piece.tensors.front().scalar_type();
  const int64_t bytes = piece.elements * piece.tensors.front().element_size();
  at::Tensor& storage = storages_[which];
  if (!storage.defined() || storage.numel() < bytes) {
    storage.reset();  // before there are two of them
    storage = at::empty({bytes}, at::TensorOptions(device_).dtype(at::kByte));
  }
  return storage.narrow(0, 0, bytes).view(dtype);
}

void FlatBuckets::run(const std::vector<at::Tensor>& tensors, const Start& start) {
  const c10::NoGradGuard noGradients;
  const std::vector<Piece> pieces = piecesOf(tensors);
  struct Flight {
    const Piece* piece = nullptr;
    at::Tensor flat;
    std::function<void()> wait;
  };
  std::array<Flight, 2> flights;
  const auto land = [](Flight& flight) {
    if (flight.piece == nullptr) return;
    flight.wait();
    int64_t offset = 0;
    for (const at::Tensor& tensor : flight.piece->tensors) {
      if (flight.piece->inPlace) {
        tensor.unsafeGetTensorImpl()->bump_version();
      } else {
        tensor.copy_(flight.flat.narrow(0, offset, tensor.numel()).view_as(tensor));
      }
      offset += tensor.numel();
    }
    flight = {};
  };
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    Flight& flight = flights[i % 2];
    land(flight);
    if (piece.inPlace) {
      flight.flat = piece.tensors.front().view({-1});
    } else {
      flight.flat = bucket(i % 2, piece);
      int64_t offset = 0;
      for (const at::Tensor& tensor : piece.tensors) {
        flight.flat.narrow(0, offset, tensor.numel()).view_as(tensor).copy_(tensor);
        offset += tensor.numel();
      }
    }
    flight.piece = &piece;
    flight.wait = start(flight.flat);
  }
  // The older one first.
  land(flights[pieces.size() % 2]);
  land(flights[(pieces.size() + 1) % 2]);
}

}  // namespace fewsound
