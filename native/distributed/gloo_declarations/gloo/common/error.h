// LibTorch's header of its Gloo process group includes this and uses nothing of it; see
// gloo_backend.cc.
#pragma once
