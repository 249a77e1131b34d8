#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace fewsound::binding {

/// 'cpu', 'cuda' or 'cuda:<number>'; throws where this process has no such device.
at::Device parseDevice(const char* argument, const std::string& name);

/// The devices of this process by name.
std::vector<std::string> deviceNames();

}  // namespace fewsound::binding
