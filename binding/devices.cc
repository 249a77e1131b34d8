#include "binding/devices.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "binding/errors.h"

namespace fewsound::binding {
namespace {

int cudaDevices() {
  if (!at::globalContext().hasCUDA()) return 0;
  return at::detail::getCUDAHooks().deviceCount();
}

}  // namespace

at::Device parseDevice(const char* argument, const std::string& name) {
  if (name == "cpu") return at::kCPU;
  const int count = cudaDevices();
  const bool wellFormed =
      name == "cuda" || (name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() <= 8 &&
                         name.find_first_not_of("0123456789", 5) == std::string::npos);
  if (!wellFormed) {
    throw CallError(Code::kInvalidArgument,
                    c10::str(argument, " is \"", name.substr(0, 40),
                             "\"; expected 'cpu', 'cuda' or 'cuda:<number>'"),
                    argument);
  }
  const int index = name == "cuda" ? 0 : std::stoi(name.substr(5));
  if (index >= count) {
    throw CallError(
        Code::kDeviceUnavailable,
        count == 0
            ? c10::str(argument, " is \"", name,
                       "\", but this process has no CUDA device (`fewsound doctor` says why)")
            : c10::str(argument, " is \"", name, "\", but this process has ", count,
                       " CUDA device(s), counted from 0"),
        argument);
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

std::vector<std::string> deviceNames() {
  std::vector<std::string> names{"cpu"};
  for (int i = 0; i < cudaDevices(); ++i) names.push_back(c10::str("cuda:", i));
  return names;
}

}  // namespace fewsound::binding
