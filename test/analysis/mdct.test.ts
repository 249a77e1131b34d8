import fc from 'fast-check';
import { inverseMdct, largestMdct, type MdctOptions, mdct } from '../../lib/analysis';
import { scope, tensor } from '../../lib/tensor';

const signals = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 })
  .map((values) => Float64Array.from(values));
const options: fc.Arbitrary<Required<MdctOptions>> = fc.record({
  blockSize: fc.constantFrom(2, 4, 6, 16, 50),
  window: fc.constantFrom('sine', 'kbd'),
});

const transformed = (signal: Float64Array, given: MdctOptions) =>
  scope(() => {
    const coefficients = mdct(tensor(signal), given);
    return { shape: [...coefficients.shape], values: coefficients.data('float64') };
  });

const energy = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value ** 2, 0);

const largestDifference = (first: ArrayLike<number>, second: ArrayLike<number>) =>
  Math.max(...Array.from(first, (value, i) => Math.abs(value - (second[i] as number))));

test('the inverse gives the signal back', () => {
  fc.assert(
    fc.property(signals, options, (signal, given) => {
      const back = scope(() =>
        inverseMdct(mdct(tensor(signal), given), signal.length, given).data('float64'),
      );
      expect(back).toHaveLength(signal.length);
      expect(largestDifference(back, signal)).toBeLessThan(1e-13);
    }),
  );
});

test('coefficients have the energy of the signal', () => {
  fc.assert(
    fc.property(signals, options, (signal, given) => {
      const { values } = transformed(signal, given);
      expect(Math.abs(energy(values) - energy(signal))).toBeLessThan(1e-12 * signal.length);
    }),
  );
});

test('coefficients are those of the definition', () => {
  const size = 6;
  const signal = Float64Array.from({ length: 15 }, (_, n) => Math.sin(n * n));
  const { shape, values } = transformed(signal, { blockSize: size });
  expect(shape).toEqual([4, size]);
  for (let block = 0; block < 4; block++) {
    for (let k = 0; k < size; k++) {
      let sum = 0;
      for (let n = 0; n < 2 * size; n++) {
        const sample = signal[(block - 1) * size + n] ?? 0;
        const window = Math.sin((Math.PI * (n + 0.5)) / (2 * size));
        const angle = (Math.PI / size) * (n + 0.5 + size / 2) * (k + 0.5);
        sum += window * sample * Math.cos(angle);
      }
      expect(values[block * size + k]).toBeCloseTo(Math.sqrt(2 / size) * sum, 12);
    }
  }
});

/** Two tones and a click. */
const clip = {
  samples: Float32Array.from(
    { length: 3000 },
    (_, n) => 0.5 * Math.sin(n / 9) + 0.2 * Math.sin(n / 2.3) + (n === 1500 ? 0.4 : 0),
  ),
};
const errorWith = (numbers: number) => {
  const { samples } = largestMdct(clip, numbers);
  return energy(samples.map((value, n) => value - (clip.samples[n] as number)));
};

test('of a recording the largest are kept, within the budget, two numbers each', () => {
  const found = largestMdct(clip, 101);
  expect(found.coefficients).toBe(50);
  expect(found.numbers).toBe(100);
  const errors = [128, 256, 512, 1024, 2048].flatMap((blockSize) =>
    (['sine', 'kbd'] as const).map((window) => {
      const { shape, values } = transformed(Float64Array.from(clip.samples), { blockSize, window });
      const least = values.map(Math.abs).sort().at(-50) as number;
      const kept = values.map((value) => (Math.abs(value) >= least ? value : 0));
      const back = scope(() =>
        inverseMdct(tensor(kept).reshape(shape), 3000, { window }).data('float64'),
      );
      return energy(back.map((value, n) => value - (clip.samples[n] as number)));
    }),
  );
  expect(errorWith(101)).toBeCloseTo(Math.min(...errors), 4);
});

test('more numbers leave less error, and enough of them none', () => {
  const errors = [2, 20, 200, 2000, 12_000].map(errorWith);
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
  expect(errors.at(-1)).toBeLessThan(1e-9);
});

test('silence takes no numbers', () => {
  const found = largestMdct({ samples: new Float32Array(500) }, 100);
  expect(found.numbers).toBe(0);
  expect(energy(found.samples)).toBe(0);
});

test.each<[MdctOptions, string]>([
  [{ blockSize: 7 }, 'blockSize'],
  [{ blockSize: 0 }, 'blockSize'],
  [{ blockSize: 8, window: 'hann' as 'sine' }, 'window'],
])('refuses %j', (given, field) => {
  expect(() => scope(() => mdct(tensor([1, 2, 3]), given))).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
  );
});
