import { z } from 'zod';

/** Where a recording lies in a window of another length: starting with it, or centered. */
export type Placement = 'start' | 'center';

/** Older files say 'centre'. */
export const placementField = z
  .enum(['start', 'center', 'centre'], { error: "Expected 'start' or 'center'" })
  .transform((place): Placement => (place === 'centre' ? 'center' : place));

/**
 * Fits a recording into a window: longer ones are cut, shorter ones padded with zeros.
 *
 * @param samples [n] amplitudes
 * @param length samples of the window
 * @param place whether the recording and the window share their start or their center
 * @param margin extra samples kept on both sides, for shifting the window later
 * @returns [length + 2·margin], always a new array
 */
export function windowOf(
  samples: Float32Array,
  length: number,
  place: Placement,
  margin = 0,
): Float32Array<ArrayBuffer> {
  const window = new Float32Array(length + 2 * margin);
  const begin = place === 'start' ? 0 : Math.floor((length - samples.length) / 2);
  // Where the recording's first sample lies in what is kept.
  const first = begin + margin;
  const from = Math.max(0, -first);
  const to = Math.min(samples.length, window.length - first);
  if (to > from) window.set(samples.subarray(from, to), first + from);
  return window;
}
