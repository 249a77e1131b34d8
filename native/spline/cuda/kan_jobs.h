// What the kernels of the KAN stack are given. No CUDA header comes in here: the host's side is
// plain C++.
#pragma once

#include <cstdint>

#include "native/spline/base_activation.h"

namespace fewsound::cuda {

/// Outputs of a layer that one lane of a warp computes.
constexpr int kLaneOutputs = 3;

/// Highest order of the splines that the kernels compute.
constexpr int kMaxOrder = 16;

/// Layers of a stack: as many as one launch's parameters hold.
constexpr int kMaxLayers = 16;

/// The grid of a KAN as the kernels see it: cells of the extended grid, counted from its lower end;
/// and what is beside the splines on it.
template <typename T>
struct KanGrid {
  T inverseStep;  // 1 / h
  T offset;       // where x = 0 is, in cells
  int cells;      // intervals + 2·order
  int order;
  BaseActivation activation;

  constexpr int bases() const { return cells - order; }
  /// Rows of one input's weight table: one a basis with `order` zero rows before and after them, so
  /// that the order + 1 rows from a sample's cell onwards are always there; a zero row more, so
  /// that a sample off the grid has a cell too; and the base weights.
  constexpr int rows() const { return cells + order + 2; }
  constexpr int firstBasisRow() const { return order; }
  constexpr int offGridCell() const { return cells; }
  constexpr int baseRow() const { return cells + order + 1; }
};

/// One layer. `lanes` lanes of a warp compute lanes·kLaneOutputs outputs of a sample together; more
/// outputs than that come in groups. Tables are [groups, in, rows, stride].
struct KanShape {
  int in;
  int out;
  int lanes;
  int groups;

  constexpr int stride() const { return lanes * kLaneOutputs; }
  constexpr int64_t inputSize(int rows) const { return static_cast<int64_t>(rows) * stride(); }
  constexpr int64_t tableSize(int rows) const { return groups * (in * inputSize(rows)); }
};

/// Activations or their gradients for all sets of weights, and how far the next set, sample and
/// feature are.
template <typename T>
struct Activations {
  T* data;
  int64_t set;
  int64_t sample;
  int64_t feature;

  constexpr T* at(int64_t s, int64_t n, int64_t f) const {
    return data + s * set + n * sample + f * feature;
  }
};

template <typename T>
struct ForwardJob {
  KanGrid<T> grid;
  KanShape shape;
  int64_t samples;  // of each set
  const T* table;   // of the first set
  int64_t tableSet;
  Activations<const T> x;
  Activations<T> y;
  int threads = 0;
  int blocks = 0;       // for each group and set
  bool staged = false;  // whether a group's table goes to shared memory
};

template <typename T>
struct BackwardJob {
  KanGrid<T> grid;
  KanShape shape;
  int64_t samples;
  const T* table;
  int64_t tableSet;
  Activations<const T> x;
  Activations<const T> outputGradient;
  Activations<T> inputGradient;  // data is null where nobody asks
  T* partials =
      nullptr;  // [sets, blocks, groups, in, rows, stride]: what each block sums up for the table
  int threads = 0;
  int blocks = 0;       // for each set and each blockInputs of the inputs
  int blockInputs = 0;  // inputs that a block takes care of
  int replicas = 0;     // shares of its samples that it sums up apart
  bool stagedWeights = false;
  bool stagedSums = false;
};

/// The weights of one layer, their gradients, and what lies between them and the kernels.
template <typename T>
struct LayerJob {
  KanShape shape;
  const T* base;          // [sets, out, in]
  const T* coefficients;  // [sets, out, in, bases]
  const T* scale;         // as base, or null
  T* table;               // of the first set
  const T* partials;
  int blocks;
  T* baseGradient;
  T* coefficientGradient;
  T* scaleGradient;
};

template <typename T>
struct TablesJob {
  KanGrid<T> grid;
  int layers;
  int64_t tableSet;
  LayerJob<T> layer[kMaxLayers];
};

}  // namespace fewsound::cuda
