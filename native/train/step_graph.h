#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace fewsound {

/// Device work recorded once and replayed without its launches. It runs on the tensors that it was
/// recorded with: what a step is to read or leave has to lie in tensors that live as long.
class StepGraph {
 public:
  StepGraph() = default;
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;
  virtual ~StepGraph() = default;

  /// In order with what is on the device's current stream.
  virtual void replay() = 0;
};

/// Runs `work` once, which warms it up (libraries make their plans, allocators their blocks), then
/// records it without running it; null where nothing can record on that device. `work` must not
/// wait for the device. What it throws comes through.
std::unique_ptr<StepGraph> recordStep(c10::Device device, const std::function<void()>& work);

using StepRecorder = std::unique_ptr<StepGraph> (*)(c10::Device device,
                                                    const std::function<void()>& work);

}  // namespace fewsound

/// Names the one that records on CUDA devices. It comes from a library of its own,
/// fewsound_cuda.so, which is built against a CUDA LibTorch; the loader opens both and hands it
/// over.
extern "C" __attribute__((visibility("default"))) void fewsound_set_step_recorder(
    fewsound::StepRecorder recorder);
