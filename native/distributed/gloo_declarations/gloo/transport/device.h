// What LibTorch's header of its Gloo process group names of Gloo; see gloo_backend.cc.
#pragma once

namespace gloo::transport {

class Device;

}  // namespace gloo::transport
