import { z } from 'zod';

/** Which part of a recording lies in a window of another length: its beginning or its middle. */
export type Placement = 'start' | 'centre';

/** @internal */
export const placementField = z.enum(['start', 'centre'], {
  error: "Expected 'start' or 'centre'",
});

/**
 * A recording in a window: longer ones are cut, shorter ones have zeros around them.
 *
 * @param samples [n] amplitudes
 * @param length samples of the window
 * @param place the recording's beginning lies at the window's, or their middles meet
 * @param margin samples that are kept on both sides beyond the window, for moving it later
 * @returns [length + 2·margin], always a new array
 *
 * @internal
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
