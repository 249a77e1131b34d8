#pragma once

#include <vector>

#include "native/train/adamw_tensors.h"

namespace fewsound {

/// The numbers of an update that AdamW is to make.
struct AdamWNumbers {
  double learningRate;
  double beta1;
  double beta2;
  double epsilon;
  double count;  // of this update, from 1
};

/// Learning rates, one for each tensor, with which an update stays small beside the weights: where
/// the root mean square of a tensor's change would be more than `most` times that of the tensor (or
/// of 1e-3, where the tensor is smaller), the rate is lowered to make it that; else it is the
/// update's own. LAMB (You et al. 2020) and Adafactor (Shazeer and Stern 2018) bind every rate to
/// the size of the weights; this does it only where they would change too much.
std::vector<double> limitedRates(const AdamWTensors& tensors, const AdamWNumbers& numbers,
                                 double most);

}  // namespace fewsound
