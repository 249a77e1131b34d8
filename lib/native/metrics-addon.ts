// What the addon offers for metrics that take long. binding/metrics.cc and binding/loader/pesq.cc are the other side;
// `Addon` and the loader (addon.ts) include this.

import type { Opaque } from './model-addon.js';

/** An object of the addon; it carries a type tag, so anything else in its place is an error. */
export type CdpamHandle = Opaque<'CDPAM network'>;

/** `Tensor` is the addon's tensor handle; signals are [samples]. Promises are of jobs on threads of their own. */
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
   * Calls the library that `fewsound setup pesq` made, on this thread. It may crash, and after `seconds` the process ends.
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
