#include "native/train/step_graph.h"

#include <atomic>

namespace fewsound {
namespace {

std::atomic<StepRecorder> cudaRecorder{nullptr};

}  // namespace

std::unique_ptr<StepGraph> recordStep(c10::Device device, const std::function<void()>& work) {
  const StepRecorder recorder = device.is_cuda() ? cudaRecorder.load() : nullptr;
  return recorder == nullptr ? nullptr : recorder(device, work);
}

}  // namespace fewsound

void fewsound_set_step_recorder(fewsound::StepRecorder recorder) {
  fewsound::cudaRecorder = recorder;
}
