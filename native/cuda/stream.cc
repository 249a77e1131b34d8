#include "native/cuda/stream.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

namespace fewsound::cuda {

void* currentStream(c10::Device device) {
  return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getStream(device).native_handle();
}

void checkLaunch(const char* error, const char* kernel) {
  TORCH_CHECK(error == nullptr, "the CUDA kernel ", kernel, " could not be launched: ", error);
}

}  // namespace fewsound::cuda
