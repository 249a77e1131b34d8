import type { Architecture } from './weights.js';

/** What the amplitude of a network is multiplied by at a time in [-1, 1]. */
export function envelopeOf(architecture: Architecture): (t: number) => number {
  const values = architecture.numbers('envelope');
  return values.length === 0 ? () => 1 : (t) => valueAlong(values, (t + 1) * 0.5);
}

/** The value at a part of the way, 0 to 1, along equally distant ones, between them along lines. */
export function valueAlong(values: readonly number[], part: number): number {
  const last = values.length - 1;
  const place = Math.min(Math.max(part * last, 0), last);
  const before = Math.min(Math.floor(place), Math.max(last - 1, 0));
  const first = values[before] as number;
  return first + ((values[before + 1] ?? first) - first) * (place - before);
}
