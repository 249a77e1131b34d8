import { noise } from './noise';

/** A degradation and its settings, as test/golden/perceptual.py has them: bit for bit the same. */
export type Recipe = readonly [name: string, ...settings: number[]];

type Degradation = (x: Float64Array, ...settings: number[]) => Float64Array;

const delayed: Degradation = (x, samples = 0) => {
  const y = new Float64Array(x.length);
  y.set(x.subarray(0, x.length - samples), samples);
  return y;
};

const clipped = (x: Float64Array, level: number): Float64Array =>
  x.map((value) => Math.min(Math.max(value, -level), level));

const degradations: Readonly<Record<string, Degradation>> = {
  noise: (x, level = 0, seed = 0) => {
    const random = noise(x.length, seed);
    return x.map((value, i) => value + level * (random[i] as number));
  },
  clip: (x, level = 1) => clipped(x, level),
  overdrive: (x, gain = 1) =>
    clipped(
      x.map((value) => gain * value),
      1,
    ),
  lowPass: (x, width = 1) => {
    const sums = new Float64Array(x.length + width);
    let sum = 0;
    for (let i = 0; i < sums.length; i++) {
      sum += i < width ? 0 : (x[i - width] as number);
      sums[i] = sum;
    }
    return x.map((_, i) => ((sums[i + width] as number) - (sums[i] as number)) / width);
  },
  delay: delayed,
  gaps: (x, every = 1, length = 0) => {
    const y = x.slice();
    for (let start = every; start < y.length; start += every) y.fill(0, start, start + length);
    return y;
  },
  gain: (x, factor = 1) => x.map((value) => factor * value),
  quantise: (x, bits = 0) => x.map((value) => Math.floor(value * 2 ** bits + 0.5) / 2 ** bits),
  echo: (x, gain = 0, samples = 0) => {
    const late = delayed(x, samples);
    return x.map((value, i) => value + gain * (late[i] as number));
  },
  offset: (x, value = 0) => x.map((sample) => sample + value),
};

export function degrade(samples: Float32Array, [name, ...settings]: Recipe): Float32Array {
  const degradation = degradations[name];
  if (degradation === undefined) throw new Error(`there is no degradation "${name}"`);
  return Float32Array.from(degradation(Float64Array.from(samples), ...settings));
}

/** The mean of each two neighbors, as a recording at half the rate. */
export function halved(samples: Float32Array): Float32Array {
  return Float32Array.from(
    { length: samples.length / 2 },
    (_, i) => ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) / 2,
  );
}
