#include "native/cpu/step_memory.h"

#include <ATen/ops/empty.h>

#include <utility>

namespace fewsound::cpu {
namespace {

thread_local StepMemory* current = nullptr;

}  // namespace

StepMemory::Use::Use(StepMemory& memory) : before_(std::exchange(current, &memory)) {}
StepMemory::Use::~Use() { current = before_; }

at::Tensor StepMemory::take(int64_t count, const at::TensorOptions& options) {
  if (current == nullptr || count == 0) return at::empty({count}, options);
  at::Tensor& held = current->held_;
  const bool fits = held.defined() && held.storage().use_count() == 1 && held.numel() == count &&
                    held.options().type_equal(options);
  if (!fits) held = at::empty({count}, options);
  return held.detach();
}

}  // namespace fewsound::cpu
