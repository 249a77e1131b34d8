import fc from 'fast-check';
import { allPass } from '../../lib/data';
import { augment, planCrop, scaleToPeak } from '../../lib/data/augmentation';
import { Draws } from '../../lib/data/draws';
import { tone } from './made-up-corpus';

const ALL = { randomStart: true, phaseMangle: 0.8, dequantize: true };
const radius = fc.double({ min: 0, max: 0.99, noNaN: true });
const angle = fc.double({ min: 0.005, max: 3, noNaN: true });

/** H at z = e^(iω), from the samples of an impulse response. */
function response(impulse: Float32Array, omega: number): [re: number, im: number] {
  let [re, im] = [0, 0];
  for (const [n, value] of impulse.entries()) {
    re += value * Math.cos(omega * n);
    im -= value * Math.sin(omega * n);
  }
  return [re, im];
}

function impulseResponse(r: number, theta: number): Float32Array {
  const impulse = new Float32Array(6000);
  impulse[0] = 1;
  allPass(impulse, r, theta);
  return impulse;
}

describe('allPass', () => {
  test('|H| is 1 at every frequency', () => {
    fc.assert(
      fc.property(
        radius,
        angle,
        fc.double({ min: 0, max: Math.PI, noNaN: true }),
        (r, theta, at) => {
          const impulse = impulseResponse(r, theta);
          for (const omega of [at, theta]) {
            // float32 samples, and a tail of 0.99^6000 that is cut.
            expect(Math.hypot(...response(impulse, omega))).toBeCloseTo(1, 4);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('H is the formula, phase included', () => {
    fc.assert(
      fc.property(
        radius,
        angle,
        fc.double({ min: 0, max: Math.PI, noNaN: true }),
        (r, theta, at) => {
          const [c, s] = [Math.cos(at), -Math.sin(at)];
          const [c2, s2] = [Math.cos(2 * at), -Math.sin(2 * at)];
          const middle = -2 * r * Math.cos(theta);
          const numerator = [r * r + middle * c + c2, middle * s + s2] as const;
          const denominator = [1 + middle * c + r * r * c2, middle * s + r * r * s2] as const;
          const size = denominator[0] ** 2 + denominator[1] ** 2;
          const expected = [
            (numerator[0] * denominator[0] + numerator[1] * denominator[1]) / size,
            (numerator[1] * denominator[0] - numerator[0] * denominator[1]) / size,
          ] as const;
          const [re, im] = response(impulseResponse(r, theta), at);
          expect(re).toBeCloseTo(expected[0], 3);
          expect(im).toBeCloseTo(expected[1], 3);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keeps the energy and changes the waveform', () => {
    const sound = new Float32Array(40_000);
    sound.set(tone(3, 32_000));
    const mangled = sound.slice();
    allPass(mangled, 0.99, 0.1);
    const energy = (samples: Float32Array) => samples.reduce((sum, value) => sum + value ** 2, 0);
    expect(energy(mangled) / energy(sound)).toBeCloseTo(1, 4);
    const difference = sound.map((value, i) => value - (mangled[i] as number));
    expect(energy(difference) / energy(sound)).toBeGreaterThan(0.1);
  });
});

describe('planCrop', () => {
  const plans = Array.from({ length: 20_000 }, (_, item) =>
    planCrop(new Draws(5, 'item', 1, item), 32_769, ALL),
  );

  test('mangles eight of ten, log-uniform from 20 to 2000 Hz', () => {
    const frequencies = plans.flatMap(({ mangleFrequency }) => mangleFrequency ?? []);
    // Five standard deviations of 20,000 trials.
    expect(Math.abs(frequencies.length / 20_000 - 0.8)).toBeLessThan(0.015);
    const cells = new Array(10).fill(0);
    for (const frequency of frequencies) {
      cells[Math.floor((10 * Math.log(frequency / 20)) / Math.log(100))] += 1;
    }
    const expected = frequencies.length / 10;
    const chiSquared = cells.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(45);
    expect(Math.min(...frequencies)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...frequencies)).toBeLessThan(2000);
  });

  test('starts anywhere, the last place included', () => {
    const starts = plans.map(({ start }) => start);
    const mean = starts.reduce((sum, start) => sum + start, 0) / starts.length;
    expect(Math.abs(mean / 32_768 - 0.5)).toBeLessThan(0.011);
    const few = Array.from({ length: 100 }, (_, i) => planCrop(new Draws(0, 'item', 0, i), 3, ALL));
    expect(new Set(few.map(({ start }) => start))).toEqual(new Set([0, 1, 2]));
  });

  test('a switch changes nothing else', () => {
    for (const [item, plan] of plans.slice(0, 50).entries()) {
      const draws = () => new Draws(5, 'item', 1, item);
      const still = planCrop(draws(), 32_769, { ...ALL, randomStart: false });
      expect(still).toEqual({ ...plan, start: 0 });
      const plain = planCrop(draws(), 32_769, { ...ALL, phaseMangle: 0 });
      expect(plain).toEqual({ ...plan, mangleFrequency: null });
    }
  });
});

describe('augment', () => {
  const draws = () => new Draws(1, 'item', 0, 0);

  test('scales to peak 1 last, whatever came before', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.boolean(), fc.boolean(), (index, mangle, dequantize) => {
        const samples = tone(index, 500);
        const plan = { start: 0, mangleFrequency: mangle ? 20 + 9 * index : null };
        augment(samples, plan, { ...ALL, dequantize }, draws(), 22_050);
        expect(Math.max(...samples.map(Math.abs))).toBe(1);
      }),
    );
  });

  test('dequantises by half a step of 16 bits each way, before it scales', () => {
    const steps = Float32Array.from({ length: 4000 }, (_, i) => ((i % 101) - 50) / 2 ** 15);
    const samples = steps.slice();
    augment(samples, { start: 0, mangleFrequency: null }, ALL, draws(), 22_050);
    // The scale that fits best: the noise averages out of it.
    const product = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    const peak = product(steps, samples) / product(samples, samples);
    const noise = samples.map((value, i) => value * peak - (steps[i] as number));
    expect(Math.max(...noise.map(Math.abs)) * 2 ** 17).toBeLessThan(1.1);
    expect(Math.max(...noise.map(Math.abs)) * 2 ** 17).toBeGreaterThan(0.9);
  });

  test('silence stays silence without noise', () => {
    const silence = new Float32Array(10);
    scaleToPeak(silence);
    expect(silence).toEqual(new Float32Array(10));
  });
});
