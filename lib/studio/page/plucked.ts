import { wavOf } from './wav.js';

const RATE = 22_050;

/** Hz, and seconds at which they are plucked. */
const NOTES = [
  [146.8, 0],
  [220, 0.18],
  [293.7, 0.36],
  [370, 0.54],
  [440, 0.72],
] as const;

/**
 * A chord of plucked strings, for who has no recording at hand: noise that goes round and loses its
 * high tones (Karplus and Strong 1983).
 */
export function plucked(): Blob {
  const samples = new Float32Array(2.5 * RATE);
  let seed = 1;
  const noise = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 1_073_741_824 - 1;
  };
  for (const [hertz, at] of NOTES) {
    const string = Float32Array.from({ length: Math.round(RATE / hertz) }, noise);
    for (let i = Math.round(at * RATE), j = 0; i < samples.length; i++, j++) {
      const place = j % string.length;
      const next = (j + 1) % string.length;
      const value = string[place] as number;
      samples[i] = (samples[i] as number) + 0.2 * value;
      string[place] = 0.4985 * (value + (string[next] as number));
    }
  }
  return wavOf(samples, RATE);
}
