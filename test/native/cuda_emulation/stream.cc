// The host's side of the kernels asks for a stream; the emulation has none.
#include "native/cuda/stream.h"

#include <c10/util/Exception.h>

namespace fewsound::cuda {

void* currentStream(c10::Device) { return nullptr; }

void checkLaunch(const char* error, const char* kernel) {
  TORCH_CHECK(error == nullptr, kernel, ": ", error);
}

}  // namespace fewsound::cuda
