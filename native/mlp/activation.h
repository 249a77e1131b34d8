#pragma once

namespace fewsound {

/// What is between the linear maps W x + b of a stack of dense layers.
enum class Activation {
  kRelu,   // max(z, 0)
  kSine,   // SIREN: sin(z), with omega · x in front of every linear map, the last one's, too
  kFiner,  // FINER: sin(z), with omega · (|x| + 1) · x, the factor |x| + 1 a constant to gradients
  kGabor,  // WIRE: exp(i omega z - |scale z|^2), complex from the second linear map on
};

/// Whether omega scales what enters a linear map, and not what leaves it.
inline bool scalesInputs(Activation activation) {
  return activation == Activation::kSine || activation == Activation::kFiner;
}

}  // namespace fewsound
