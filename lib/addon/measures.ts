import type { Opaque } from './models.js';

// What the addon offers for the analyses. binding/analysis.cc is the other side; `Addon` (addon.ts)
// includes this.
/** An object of the addon; it carries a type tag, so anything else in its place is an error. */
export type FilterResponsesHandle = Opaque<'layer of filters'>;

/** `Tensor` is the addon's tensor handle. */
export interface AnalysisAddon<Tensor> {
  /**
   * @param banks each [filters, length], of one dtype, on the CPU
   * @param spectra what each filter's response adds to each frequency, [2·(bins + 1), filters];
   *   null: frequencies in equal steps from 0 to half the rate, where bins is a power of two
   */
  createFilterResponses(
    banks: readonly Tensor[],
    stride: number,
    bins: number,
    spectra: Tensor | null,
  ): FilterResponsesHandle;
  /**
   * Writes into arrays of the filters' dtype.
   *
   * @param range recordings are scaled as by `scaleInput`; null: they are not
   * @param strs of each recording [bins + 1, frames], or of none
   * @param crs [recordings, bins + 1]
   */
  listen(
    layer: FilterResponsesHandle,
    recordings: readonly Float32Array[],
    range: number | null,
    strs: readonly (Float32Array | Float64Array)[],
    crs: Float32Array | Float64Array,
  ): void;
  /** A copy whose minimum is -range and whose maximum is range; zeros where all samples are one. */
  scaleInput(samples: Float32Array, range: number): Float32Array;
}

/** What the addon measures of a recording alone. binding/audio.cc is the other side. */
export interface AudioAddon {
  /** A job on a thread of its own; numbers for each frame. */
  measurePitch(
    samples: Float32Array,
    sampleRate: number,
    options: object,
  ): Promise<{
    seconds: Float64Array;
    frequency: Float64Array;
    aperiodicity: Float64Array | null;
  }>;
  /** How many samples a recording must have for its pitch to be measured. */
  leastPitchSamples(sampleRate: number, options: object): number;
}

// What the addon offers for metrics that take long. binding/metrics.cc and binding/loader/pesq.cc
// are the other side; `Addon` and the loader (addon.ts) include this.
/** An object of the addon; it carries a type tag, so anything else in its place is an error. */
export type CdpamHandle = Opaque<'CDPAM network'>;

/**
 * `Tensor` is the addon's tensor handle; signals are [samples]. Promises are of jobs on threads of
 * their own.
 */
export interface MetricsAddon<Tensor> {
  /** On this thread. */
  measureLogSpectralDistance(reference: Tensor, degraded: Tensor, sampleRate: number): number;
  measureStoi(
    reference: Tensor,
    degraded: Tensor,
    sampleRate: number,
    extended: boolean,
  ): Promise<{ score: number; tooShort: boolean }>;
  /** Weights in the order of native/metrics/cdpam.h. */
  createCdpam(weights: readonly Tensor[]): CdpamHandle;
  measureCdpam(network: CdpamHandle, reference: Tensor, degraded: Tensor): Promise<number>;
}

/** In fewsound.node, which needs no LibTorch. */
export interface PesqLibrary {
  /**
   * Calls the library that `fewsound setup pesq` made, on this thread. It may crash, and after
   * `seconds` the process ends.
   *
   * @param reference written over, as `degraded` is
   * @returns the package's code of the error, 0 for none
   */
  measurePesq(
    library: string,
    sampleRate: number,
    wideBand: boolean,
    reference: Float32Array,
    degraded: Float32Array,
    seconds: number,
  ): { error: number; score: number };
}
