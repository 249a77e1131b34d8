// What the kernels of the mel loss are given. No CUDA header comes in here: the host's side is
// plain C++.
#pragma once

#include <cstdint>

namespace fewsound::cuda {

/// FFT sizes of a loss: as many as one launch's parameters hold.
constexpr int kMostResolutions = 16;

constexpr int kMelThreads = 128;
constexpr int kSumThreads = 256;

/// Samples that one block compares with the target.
constexpr int kTimeChunk = 2048;

/// A complex number as LibTorch lays it out.
template <typename T>
struct Complex {
  T real;
  T imaginary;
};

/// A matrix of which each row has its nonzeros side by side: row i holds weights[start[i]] up to
/// weights[start[i + 1]], the first of them in column first[i].
template <typename T>
struct BandMatrix {
  const int* start;
  const int* first;
  const T* weights;
};

/// One FFT size n: hop n/4, frames centered on multiples of the hop.
template <typename T>
struct MelResolutionJob {
  int size;
  int hop;
  int bins;
  int64_t frames;
  const T* window;           // [size]
  T* framed;                 // [clips, frames, size]: windowed frames; then their gradient
  Complex<T>* spectrum;      // [clips, frames, bins]; then its gradient
  BandMatrix<T> bands;       // filterbank [mels, bins]
  BandMatrix<T> transposed;  // [bins, mels]
  T* target;                 // [clips, frames, mels]
  T* distance;               // likewise: estimate minus target
};

/// Sums over frames, and what follows from them, by clip and resolution.
struct MelSlopes {
  double absolute;  // the loss's derivative in |d|
  double square;    // and in d^2/2
};

template <typename T>
struct MelLossJob {
  int clips;
  int64_t samples;
  int mels;
  int resolutions;
  T leastPower;  // magnitudes are roots of at least that
  double timeWeight;
  double melWeight;   // of one resolution
  const T* estimate;  // [clips, samples]
  const T* target;
  T* gradient;
  double* losses;     // [clips]
  double* timeSums;   // [clips, chunks of kTimeChunk samples]
  double* melSums;    // [clips, frames of all resolutions, 2]: sums of |d| and d^2
  MelSlopes* slopes;  // [clips, resolutions]
  MelResolutionJob<T> resolution[kMostResolutions];

  constexpr int64_t allFrames() const {
    int64_t sum = 0;
    for (int r = 0; r < resolutions; ++r) sum += resolution[r].frames;
    return sum;
  }
  constexpr int64_t timeChunks() const { return (samples + kTimeChunk - 1) / kTimeChunk; }
};

}  // namespace fewsound::cuda
