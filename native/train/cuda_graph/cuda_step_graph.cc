// The library fewsound_cuda.so: a training step as a CUDA graph. All that needs LibTorch's own CUDA
// headers is here, so that the rest is one binary for LibTorch with and without CUDA.

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "native/train/step_graph.h"

namespace fewsound {
namespace {

/// Puts the work on `behind` after what is on `before` now, without waiting for it here.
void follow(const c10::cuda::CUDAStream& before, const c10::cuda::CUDAStream& behind) {
  c10::Event event(c10::DeviceType::CUDA);
  event.record(before.unwrap());
  event.block(behind.unwrap());
}

class CudaStepGraph : public StepGraph {
 public:
  /// The device is the current one.
  explicit CudaStepGraph(const std::function<void()>& work)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false)) {
    follow(c10::cuda::getCurrentCUDAStream(), stream_);
    {
      // A recording is made on a stream of its own, and so is the warming up: what the allocator
      // and the libraries keep, they keep for a stream.
      const c10::cuda::CUDAStreamGuard guard(stream_);
      work();
      stream_.synchronize();
      // Other threads of the process may go on using the device.
      graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
      try {
        work();
      } catch (...) {
        endAfterError();
        throw;
      }
      graph_.capture_end();
    }
    follow(stream_, c10::cuda::getCurrentCUDAStream());
  }

  void replay() override {
    const c10::cuda::CUDAGuard guard(stream_.device_index());
    graph_.replay();
  }

 private:
  /// Takes the stream out of its recording; that it fails is no news then.
  void endAfterError() {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {
      return;
    }
  }

  c10::cuda::CUDAStream stream_;
  at::cuda::CUDAGraph graph_;
};

std::unique_ptr<StepGraph> record(c10::Device device, const std::function<void()>& work) {
  const c10::cuda::CUDAGuard guard(device);
  return std::make_unique<CudaStepGraph>(work);
}

}  // namespace
}  // namespace fewsound

/// What the loader looks for.
extern "C" __attribute__((visibility("default"))) fewsound::StepRecorder
fewsound_cuda_step_recorder() {
  return fewsound::record;
}
