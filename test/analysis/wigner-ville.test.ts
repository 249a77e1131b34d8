import fc from 'fast-check';
import { filterBankOf, type WignerVille, wignerVille } from '../../lib/analysis';
import { scope, tensor } from '../../lib/tensor';

const RATE = 1000;

/** Row by row, all of one length. */
const bank = (...filters: Float64Array[]) =>
  filterBankOf(
    tensor(
      filters.map((filter) => [...filter]),
      { dtype: 'float64' },
    ),
    {
      sampleRate: RATE,
    },
  );

const distribution = (filter: Float64Array, options = {}): WignerVille =>
  scope(() => wignerVille(bank(filter), options)[0] as WignerVille);

const at = ({ values, times }: WignerVille, row: number, column: number) =>
  values[row * times.length + column] as number;

/** A wave that fades well before the ends, so that its analytic signal does as well. */
function wavelet(
  length: number,
  { frequency = 0.2, middle = 0.5, width = 0.07, phase = 0, slope = 0, level = 1 } = {},
): Float64Array {
  return Float64Array.from({ length }, (_, n) => {
    const t = n - middle * length;
    const angle = 2 * Math.PI * (frequency * t + (slope * t * t) / 2) + phase;
    return level * Math.exp(-0.5 * (t / (width * length)) ** 2) * Math.cos(angle);
  });
}

const wavelets = fc.record({
  frequency: fc.double({ min: 0.12, max: 0.38, noNaN: true }),
  middle: fc.double({ min: 0.45, max: 0.55, noNaN: true }),
  width: fc.double({ min: 0.05, max: 0.06, noNaN: true }),
  phase: fc.double({ min: 0, max: 6.28, noNaN: true }),
  level: fc.double({ min: 0.1, max: 3, noNaN: true }),
});

const length = 128;
const filters = fc
  .tuple(wavelets, wavelets)
  .map(([a, b]) => wavelet(length, a).map((value, n) => value + (wavelet(length, b)[n] as number)));

/** |Z(f)|² of the analytic signal: twice that of the filter, by its definition. */
function energySpectrum(filter: Float64Array, frequency: number): number {
  let [re, im] = [0, 0];
  filter.forEach((value, n) => {
    const angle = (2 * Math.PI * frequency * n) / RATE;
    re += value * Math.cos(angle);
    im -= value * Math.sin(angle);
  });
  return 2 * (re * re + im * im);
}

describe('the Wigner-Ville distribution', () => {
  test('summed over time is the energy spectrum, summed over all the energy', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const found = distribution(filter);
        const { frequencies, times, energy } = found;
        const sums = [...frequencies].map((_, row) =>
          times.reduce((sum, _t, column) => sum + at(found, row, column), 0),
        );
        const peak = Math.max(...sums);
        for (const row of [0, 10, 31, 64, 90, 128]) {
          const expected = energySpectrum(filter, frequencies[row] as number);
          expect(Math.abs((sums[row] as number) - expected) / peak).toBeLessThan(1e-6);
        }
        const total = sums.reduce((sum, value) => sum + value, 0) / (2 * (frequencies.length - 1));
        expect(total / energy).toBeCloseTo(1, 6);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  test('summed over frequency is the instantaneous energy', () => {
    fc.assert(
      fc.property(wavelets, ({ frequency, middle, width, phase, level }) => {
        const filter = wavelet(length, { frequency, middle, width, phase, level });
        const found = distribution(filter);
        const { frequencies, times } = found;
        // The analytic signal of such a wave is its envelope times exp(iωt), with half of the
        // squares in each part.
        const envelope = (n: number) =>
          (level * Math.exp(-0.5 * ((n - middle * length) / (width * length)) ** 2)) ** 2 / 2;
        times.forEach((_, column) => {
          const sum = frequencies.reduce((total, _f, row) => total + at(found, row, column), 0);
          expect(sum / (2 * (frequencies.length - 1))).toBeCloseTo(envelope(column), 4);
        });
      }),
      { numRuns: 25, seed: 4 },
    );
  });

  test('is of real numbers for any filter, and grows with the square of its level', () => {
    const any = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: 20,
      maxLength: 20,
    });
    fc.assert(
      fc.property(any, (values) => {
        const filter = Float64Array.from(values);
        const found = distribution(filter);
        expect(found.values.every(Number.isFinite)).toBe(true);
        const doubled = distribution(filter.map((value) => 2 * value));
        found.values.forEach((value, i) => {
          expect(doubled.values[i]).toBeCloseTo(4 * value, 9);
        });
      }),
      { numRuns: 25, seed: 5 },
    );
  });

  test('of a chirp lies on its line', () => {
    const filter = wavelet(256, { frequency: 0.25, slope: 0.0008, width: 0.12 });
    const found = distribution(filter);
    for (let n = 70; n < 190; n += 10) {
      let best = 0;
      found.frequencies.forEach((_, row) => {
        if (at(found, row, n) > at(found, best, n)) best = row;
      });
      const expected = (0.25 + 0.0008 * (n - 128)) * RATE;
      expect(Math.abs((found.frequencies[best] as number) - expected)).toBeLessThanOrEqual(3);
    }
  });

  test('does not fold: a tone below half the rate is where it is, and nowhere else', () => {
    for (const frequency of [0.03, 0.26, 0.4, 0.46]) {
      const found = distribution(wavelet(256, { frequency, width: 0.15 }));
      const rows = [...found.frequencies].map((_, row) =>
        found.times.reduce((sum, _t, column) => sum + Math.abs(at(found, row, column)), 0),
      );
      const total = rows.reduce((sum, value) => sum + value, 0);
      const near = rows.reduce(
        (sum, value, row) =>
          Math.abs((found.frequencies[row] as number) - frequency * RATE) < 25 ? sum + value : sum,
        0,
      );
      expect(near / total).toBeGreaterThan(0.97);
    }
  });

  test('of two tones has interference between them, which smoothing takes away', () => {
    const two = wavelet(256, { frequency: 0.1, width: 0.15 }).map(
      (value, n) => value + (wavelet(256, { frequency: 0.4, width: 0.15 })[n] as number),
    );
    const least = (options: object) => {
      const { values } = distribution(two, options);
      return Math.min(...values) / Math.max(...values);
    };
    expect(least({})).toBeLessThan(-0.5);
    expect(least({ lagWindow: 101, timeWindow: 21 })).toBeGreaterThan(-0.05);
  });

  test('of a silent filter is zero, of one sample has its energy', () => {
    expect(distribution(new Float64Array(16)).values.every((value) => value === 0)).toBe(true);
    expect(distribution(Float64Array.of(2)).energy).toBe(4);
  });

  test('wants as many bins as the filter has samples, and windows with a middle', () => {
    expect(() => distribution(new Float64Array(40), { bins: 16 })).toThrow(/40 or more/);
    expect(() => distribution(new Float64Array(40), { lagWindow: 10 })).toThrow(/odd/);
  });

  test('takes many filters of many lengths', () => {
    scope(() => {
      const found = wignerVille([
        bank(wavelet(30), wavelet(30, { frequency: 0.3 })),
        bank(wavelet(64)),
      ]);
      expect(found.map(({ times }) => times.length)).toEqual([30, 30, 64]);
      expect(found[1]?.values).toEqual(distribution(wavelet(30, { frequency: 0.3 })).values);
    });
  });
});
