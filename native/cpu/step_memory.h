#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fewsound::cpu {

/// Memory that a training needs anew in every step, for as long as it lasts. A system clears what
/// it gives, page by page, which for tens of megabytes costs as much as computing them.
class StepMemory {
 public:
  /// While it lives, `take` of this thread takes from a memory.
  class Use {
   public:
    explicit Use(StepMemory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    StepMemory* before_;
  };

  /// Numbers, [count], not initialized: those of the step before where nobody holds them any more.
  static at::Tensor take(int64_t count, const at::TensorOptions& options);

 private:
  at::Tensor held_;
};

}  // namespace fewsound::cpu
