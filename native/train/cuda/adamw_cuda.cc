#include "native/train/cuda/adamw_cuda.h"

#include <ATen/Dispatch.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>

#include "native/cuda/stream.h"
#include "native/train/cuda/adamw_launch.h"

namespace fewsound::cuda {
namespace {

template <typename T>
void update(const AdamWTensors& tensors, const at::Tensor& rate, const AdamWConstants& constants) {
  void* const stream = currentStream(rate.device());
  for (size_t begin = 0; begin < tensors.values.size(); begin += kMostTensors) {
    const size_t end = std::min(begin + kMostTensors, tensors.values.size());
    AdamWJob<T> job{.rate = rate.const_data_ptr<double>(),
                    .beta2 = constants.beta2,
                    .epsilon = constants.epsilon,
                    .weightDecay = constants.weightDecay,
                    .tensors = static_cast<int>(end - begin),
                    .tensor = {}};
    for (size_t t = begin; t < end; ++t) {
      job.tensor[t - begin] = {
          .value = tensors.values[t].mutable_data_ptr<T>(),
          .gradient = tensors.gradients[t].const_data_ptr<T>(),
          .firstMoment = tensors.firstMoments[t].mutable_data_ptr<T>(),
          .secondMoment = tensors.secondMoments[t].mutable_data_ptr<T>(),
          .count = tensors.values[t].numel(),
      };
    }
    checkLaunch(launchAdamW(job, stream), "adamW");
  }
}

}  // namespace

bool hasAdamW() { return true; }

void updateAdamW(const AdamWTensors& tensors, const at::Tensor& rate,
                 const AdamWConstants& constants) {
  if (tensors.values.empty()) return;
  TORCH_CHECK(rate.scalar_type() == at::kDouble && rate.numel() == 3 && rate.is_contiguous(),
              "the rate is ", rate.toString(), " ", rate.sizes(), "; expected float64 [3]");
  // The kernel trusts these.
  for (const auto* list :
       {&tensors.values, &tensors.gradients, &tensors.firstMoments, &tensors.secondMoments}) {
    TORCH_CHECK(list->size() == tensors.values.size(),
                "AdamW was given lists of different lengths");
    for (size_t t = 0; t < list->size(); ++t) {
      const at::Tensor& each = (*list)[t];
      TORCH_CHECK(each.is_contiguous() && each.device() == rate.device() &&
                      each.scalar_type() == tensors.values.front().scalar_type() &&
                      each.numel() == tensors.values[t].numel(),
                  "AdamW was given a tensor ", each.toString(), " ", each.sizes(),
                  " that does not fit the others");
    }
  }
  const c10::DeviceGuard guard(rate.device());
  AT_DISPATCH_FLOATING_TYPES(tensors.values.front().scalar_type(), "updateAdamW",
                             [&] { update<scalar_t>(tensors, rate, constants); });
}

}  // namespace fewsound::cuda
