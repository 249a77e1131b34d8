import fc from 'fast-check';
import {
  type ResampleQuality,
  resample,
  resampledLength,
  resampleQualities,
} from '../../lib/audio';

const pairs = [
  [44_100, 22_050],
  [48_000, 22_050],
  [16_000, 22_050],
  [22_050, 44_100],
] as const;
const qualities = Object.keys(resampleQualities) as ResampleQuality[];

describe('resample', () => {
  describe.each(qualities)('quality %s', (quality) => {
    const { passband, stopbandDb } = resampleQualities[quality];

    it.each(pairs)('%i Hz to %i Hz keeps the passband flat within 0.1 dB', (from, to) => {
      const nyquist = Math.min(from, to) / 2;
      for (const fraction of [0.01, 0.35, 0.7, 0.999]) {
        const frequency = fraction * passband * nyquist;
        const output = resample(sine(frequency, from, from / 4), from, to, { quality });
        expect(Math.abs(decibels(toneAmplitude(middle(output), frequency, to)))).toBeLessThan(0.1);
      }
    });

    it('leaves nothing of a tone above the new Nyquist frequency', () => {
      for (const [from, to] of [pairs[0], pairs[1]]) {
        for (const frequency of [1.01, 1.3, 1.9].map((fraction) => (fraction * to) / 2)) {
          const output = resample(sine(frequency, from, from / 4), from, to, { quality });
          expect(decibels(rms(middle(output)))).toBeLessThan(-stopbandDb + 3);
        }
      }
    });
  });

  it('folds less than -80 dB of a sweep back when the rate goes down', () => {
    // From the new Nyquist frequency to the old one: all of it must go.
    const sweep = linearSweep(11_025, 22_050, 44_100, 32_768);
    expect(decibels(rms(middle(resample(sweep, 44_100, 22_050))))).toBeLessThan(-80);
  });

  it('makes images of a sweep below -80 dB when the rate goes up', () => {
    const sweep = linearSweep(50, 0.92 * 8000, 16_000, 16_384);
    const output = resample(sweep, 16_000, 44_100);
    // Everything above the input's Nyquist frequency is an image; the exact high-pass for that
    // is to resample down and up again, which keeps only what lies below.
    const below = resample(resample(output, 44_100, 16_000), 16_000, 44_100);
    const rest = output.map((value, i) => value - (below[i] ?? 0));
    expect(decibels(rms(middle(rest)))).toBeLessThan(-80);
  });

  it('turns a sine into the same sine at the new rate, without delay', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4000, max: 16_000 }),
        fc.integer({ min: 4000, max: 16_000 }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (from, to, fraction) => {
          const frequency = (fraction * Math.min(from, to)) / 2;
          const output = resample(sine(frequency, from, 1500), from, to);
          const expected = sine(frequency, to, output.length);
          const error = middle(output.map((value, i) => value - (expected[i] as number)));
          expect(Math.max(...error.map(Math.abs))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 10, seed: 1 },
    );
  });

  it('keeps a constant to the bit of float32, away from the ends', () => {
    for (const [from, to] of [...pairs, [44_100, 8000] as const, [1009, 1013] as const]) {
      const output = resample(new Float32Array(4000).fill(0.3), from, to);
      expect(new Set(middle(output))).toEqual(new Set([Math.fround(0.3)]));
    }
  });

  it('is linear', () => {
    const samples = fc.float32Array({ minLength: 50, maxLength: 50, min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(samples, samples, fc.double({ min: -3, max: 3, noNaN: true }), (x, y, factor) => {
        const mixed = resample(
          x.map((value, i) => value + factor * (y[i] as number)),
          3000,
          4000,
        );
        const ofX = resample(x, 3000, 4000);
        const ofY = resample(y, 3000, 4000);
        for (const [i, value] of mixed.entries()) {
          expect(value).toBeCloseTo((ofX[i] as number) + factor * (ofY[i] as number), 5);
        }
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  it('gives ceil(n * to / from) samples, in exact arithmetic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1000, max: 96_000 }),
        fc.integer({ min: 1000, max: 96_000 }),
        (length, from, to) => {
          const exact = Number((BigInt(length) * BigInt(to) + BigInt(from) - 1n) / BigInt(from));
          expect(resampledLength(length, from, to)).toBe(exact);
          expect(resample(new Float32Array(length), from, to)).toHaveLength(exact);
        },
      ),
      { numRuns: 30, seed: 3 },
    );
  });

  it('returns an equal copy for equal rates', () => {
    const input = Float32Array.of(0.1, -0.2, 0.3);
    const output = resample(input, 22_050, 22_050);
    expect(output).toEqual(input);
    expect(output).not.toBe(input);
  });

  it('takes a single sample and rates without a common factor', () => {
    expect(resample(Float32Array.of(1), 7919, 7907)).toHaveLength(1);
    expect(resample(Float32Array.of(1), 1, 999)).toHaveLength(999);
  });

  it('computes taps as it goes where a table of them would be too large, with the same result', () => {
    // 8009 phases of 178 taps are too many for a table.
    const output = resample(sine(1000, 8011, 8011), 8011, 8009);
    const expected = sine(1000, 8009, output.length);
    const error = middle(output.map((value, i) => value - (expected[i] as number)));
    expect(error.reduce((worst, value) => Math.max(worst, Math.abs(value)), 0)).toBeLessThan(1e-5);
  });

  it.each([
    ['a rate of zero', [0, 8000], 'from'],
    ['a fractional rate', [8000, 22_050.5], 'to'],
    ['a rate of NaN', [8000, Number.NaN], 'to'],
    ['a negative rate', [-8000, 8000], 'from'],
    ['rates a factor 1000 apart and more', [1, 48_000], 'to'],
  ] as const)('refuses %s', (_, [from, to], field) => {
    expect(() => resample(Float32Array.of(1, 2), from, to)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it('names the first sample that is not finite', () => {
    expect(() => resample(Float32Array.of(0, Number.NaN, Number.NaN), 8000, 4000)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/sample 1 is NaN/),
      }),
    );
  });

  it('refuses anything but a Float32Array', () => {
    for (const samples of [[1, 2], Float64Array.of(1), undefined, 'noise']) {
      expect(() => resample(samples as unknown as Float32Array, 8000, 4000)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'samples' }),
      );
    }
  });

  it('refuses no samples and unknown qualities', () => {
    expect(() => resample(new Float32Array(0), 8000, 4000)).toThrow(
      expect.objectContaining({ code: 'AUDIO_EMPTY' }),
    );
    const quality = 'perfect' as ResampleQuality;
    expect(() => resample(Float32Array.of(1), 8000, 4000, { quality })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'quality' }),
    );
  });
});

function sine(frequency: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));
}

function linearSweep(from: number, to: number, rate: number, length: number): Float32Array {
  const slope = (to - from) / length;
  return Float32Array.from({ length }, (_, i) =>
    Math.sin((2 * Math.PI * (from + (slope * i) / 2) * i) / rate),
  );
}

/** The signal without its ends, where the filter sees the silence outside. */
function middle(samples: Float32Array): Float32Array {
  const margin = Math.floor(samples.length / 4);
  return samples.subarray(margin, samples.length - margin);
}

/** Amplitude of one tone, under a window whose side lobes do not matter here (Blackman). */
function toneAmplitude(samples: Float32Array, frequency: number, rate: number): number {
  let [real, imaginary, sum] = [0, 0, 0];
  for (const [i, value] of samples.entries()) {
    const turn = (2 * Math.PI * i) / samples.length;
    const window = 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
    const angle = (2 * Math.PI * frequency * i) / rate;
    real += window * value * Math.cos(angle);
    imaginary += window * value * Math.sin(angle);
    sum += window;
  }
  return (2 * Math.hypot(real, imaginary)) / sum;
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}

function decibels(amplitude: number): number {
  return 20 * Math.log10(amplitude);
}
