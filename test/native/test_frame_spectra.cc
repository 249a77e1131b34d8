#include <ATen/ATen.h>

#include "native/audio/frame_spectra.h"
#include "test/native/check.h"

using namespace fewsound;

namespace {

/// The largest distance of powers and magnitudes from those of LibTorch's transform, for frames of
/// so many samples; relative to the largest number.
template <typename T>
double distance(int64_t size, int64_t samples) {
  const FrameSpectra<T> spectra(size);
  const auto dtype = c10::CppTypeToScalarType<T>::value;
  const int64_t lanes = spectra.lanes();
  // Rows further apart than they are long: what is between must neither be read nor written.
  const int64_t pitch = lanes + 3;
  at::Tensor frames = at::full({samples, pitch}, std::nan(""), dtype);
  frames.narrow(1, 0, lanes).copy_(at::randn({samples, lanes}, dtype));
  const at::Tensor scratch = at::full({spectra.scratchSize()}, std::nan(""), dtype);
  const at::Tensor expected =
      at::fft_rfft(frames.narrow(1, 0, lanes).to(at::kDouble), size, 0).abs();
  double worst = 0.0;
  for (const bool root : {false, true}) {
    const at::Tensor found = at::full({spectra.bins(), pitch}, 7.0, dtype);
    const auto run = [&](auto work) {
      (spectra.*work)(samples, frames.const_data_ptr<T>(), pitch, scratch.mutable_data_ptr<T>(),
                      found.mutable_data_ptr<T>(), pitch);
    };
    root ? run(&FrameSpectra<T>::magnitudes) : run(&FrameSpectra<T>::powers);
    const at::Tensor right = root ? expected : expected.square();
    const at::Tensor wrong = (found.narrow(1, 0, lanes) - right).abs().max() / right.max();
    worst = std::max(worst, wrong.item<double>());
    CHECK((found.narrow(1, lanes, 3) == 7.0).all().item<bool>());
  }
  return worst;
}

}  // namespace

TEST(spectraAreLibTorchsForEveryPowerOfTwo) {
  at::manual_seed(1);
  for (int64_t size = 2; size <= 8192; size *= 2) {
    CHECK_CLOSE(distance<double>(size, size), 0.0, 1e-13);
    CHECK_CLOSE(distance<float>(size, size), 0.0, 1e-6);
  }
}

TEST(shortFramesEndInSilence) {
  at::manual_seed(2);
  for (const int64_t size : {16, 32, 64, 128, 256, 512, 1024}) {
    for (int64_t samples = 1; samples < size; samples += 1 + size / 48) {
      CHECK_CLOSE(distance<double>(size, samples), 0.0, 1e-13);
      CHECK_CLOSE(distance<float>(size, samples), 0.0, 1e-6);
    }
  }
}

TEST(aSizeThatIsNoPowerOfTwoIsRefused) {
  CHECK_THROWS(FrameSpectra<float>(0), "expected a power of two");
  CHECK_THROWS(FrameSpectra<float>(1), "expected a power of two");
  CHECK_THROWS(FrameSpectra<double>(96), "expected a power of two");
}
