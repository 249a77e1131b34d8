import fc from 'fast-check';
import { wassersteinDistance } from '../../lib/metrics';

const signals = (...values: number[]): Float32Array => Float32Array.from(values);

describe('wassersteinDistance', () => {
  it('moves the spectrum over squared bins', () => {
    // An impulse is flat, a constant all in bin 0: (1 + 4 + 9) / 4 is moved, by length 4.
    expect(wassersteinDistance(signals(1, 0, 0, 0), signals(1, 1, 1, 1))).toBeCloseTo(14 / 16, 12);
    // Bins 1 and 3 (a cosine) to bin 2 (the alternating signal): 1/2 · 3 + 1/2 · 5.
    expect(wassersteinDistance(signals(1, 0, -1, 0), signals(1, -1, 1, -1))).toBeCloseTo(1, 12);
  });

  it('works for odd lengths', () => {
    // Flat over bins 0, 1, 2 against bin 0 alone: (1 + 4) / 3, by length 3.
    expect(wassersteinDistance(signals(1, 0, 0), signals(1, 1, 1))).toBeCloseTo(5 / 9, 12);
  });

  it('is a distance that does not see the level', () => {
    const samples = fc
      .float32Array({ minLength: 12, maxLength: 12, min: -1, max: 1, noNaN: true })
      .filter((values) => values.some((value) => Math.abs(value) > 0.01));
    fc.assert(
      fc.property(samples, samples, samples, (a, b, c) => {
        const between = (x: Float32Array, y: Float32Array): number =>
          wassersteinDistance(x, y) as number;
        expect(between(a, a)).toBe(0);
        expect(between(a, b)).toBeCloseTo(between(b, a), 9);
        expect(between(a, c)).toBeLessThanOrEqual(between(a, b) + between(b, c) + 1e-9);
        const halved = b.map((value) => value / 2);
        expect(between(a, halved)).toBeCloseTo(between(a, b), 9);
      }),
      { numRuns: 50, seed: 8 },
    );
  });

  it('is undefined when either signal is silent', () => {
    expect(wassersteinDistance(signals(0, 0), signals(0, 1))).toBeNull();
    expect(wassersteinDistance(signals(0, 1), signals(0, 0))).toBeNull();
  });

  it('is zero between single samples, which have one bin', () => {
    expect(wassersteinDistance(signals(0.1), signals(-0.7))).toBe(0);
  });
});
