#pragma once

#include <napi.h>

namespace fewsound::loader {

/// measurePesq(library, sampleRate, wideBand, reference, degraded, seconds): {error, score}.
///
/// Opens the library that `fewsound setup pesq` made and calls it, on this thread. Its code keeps
/// global state, may crash, and may not return: this is for a process that does nothing else and
/// may die, which it does after `seconds` in a call, whether or not its parent still lives.
Napi::Value measurePesq(const Napi::CallbackInfo& info);

}  // namespace fewsound::loader
