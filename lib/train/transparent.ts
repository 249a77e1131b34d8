// The recipe `transparent`: the shapes that it tries, and when it is content.

import type { Metrics } from '../metrics/index.js';

/** What `transparent` is after: a fit that has one of both. */
export const TRANSPARENT = { pesq: 4.4, siSnr: 38 } as const;

/**
 * Shapes of KANs, each with about twice the numbers of the one before: 33,714, 61,056, 122,112 and
 * 223,560 behind seven frequencies. Wider layers and finer grids take turns; numbers buy more than
 * steps.
 */
export const transparentShapes = [
  { layers: [45, 22, 11], grid: 14 },
  { layers: [64, 31, 16], grid: 14 },
  { layers: [64, 31, 16], grid: 32 },
  { layers: [90, 44, 22], grid: 32 },
] as const;

/** The metrics that count; null and absent where they are not defined or not set up. */
export type TransparencyMetrics = Readonly<Partial<Pick<Metrics, 'pesq' | 'siSnr'>>>;

/** Whether a fit is as good as `transparent` asks for. */
export function isTransparent({ pesq, siSnr }: TransparencyMetrics): boolean {
  return (pesq ?? 0) >= TRANSPARENT.pesq || (siSnr ?? 0) >= TRANSPARENT.siSnr;
}

/** A fit on the way to a transparent one. */
export interface Attempt extends TransparencyMetrics {
  /** Learnable numbers of the network. */
  readonly parameters: number;
  readonly steps: number;
  readonly seconds: number;
}
