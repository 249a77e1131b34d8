import fc from 'fast-check';
import { createClip } from '../../lib/audio';
import { type BandError, errorByBand, errorOverTime } from '../../lib/metrics';

const RATE = 16_000;
const SAMPLES = 3200;

/** Whole periods, so that a tone is in one band. */
const tone = (hertz: number, amplitude = 1, phase = 0) =>
  Float32Array.from(
    { length: SAMPLES },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hertz * n) / RATE + phase),
  );
const sum = (...signals: Float32Array[]) =>
  Float32Array.from({ length: SAMPLES }, (_, n) =>
    signals.reduce((all, signal) => all + (signal[n] as number), 0),
  );
const clip = (samples: Float32Array) => createClip(samples, RATE);
const at = (bands: readonly BandError[], hertz: number) =>
  bands.find(({ from, to }) => hertz > from && hertz <= to) as BandError;

const pairs = fc.integer({ min: 2, max: 90 }).chain((length) => {
  const signal = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
  return fc.tuple(signal, signal);
});
const energy = (values: Float32Array) => values.reduce((all, value) => all + value ** 2, 0);

describe('errorByBand', () => {
  test('has third octaves side by side', () => {
    const bands = errorByBand(clip(tone(1000)), clip(tone(1000)));
    expect(bands[0]?.from).toBe(0);
    expect(bands.at(-1)?.to).toBe(RATE / 2);
    for (const [i, { from }] of bands.entries()) if (i > 0) expect(from).toBe(bands[i - 1]?.to);
    const { from, to } = at(bands, 1000);
    expect([from, to]).toEqual([
      expect.closeTo(1000 * 2 ** (-1 / 6), 6),
      expect.closeTo(1000 * 2 ** (1 / 6), 6),
    ]);
  });

  test('tells a wrong level from a wrong phase', () => {
    const original = sum(tone(200), tone(1000), tone(4000));
    const made = sum(tone(200, 0.5), tone(1000, 1, Math.PI / 3), tone(4000));
    const bands = errorByBand(clip(original), clip(made));
    const half = SAMPLES / 2;
    expect(at(bands, 200)).toMatchObject({
      energy: expect.closeTo(half, 2),
      level: expect.closeTo(half / 4, 2),
      phase: expect.closeTo(0, 2),
      correlation: expect.closeTo(1, 5),
    });
    // |1 - e^(iπ/3)| = 1, cos π/3 = 1/2.
    expect(at(bands, 1000)).toMatchObject({
      error: expect.closeTo(half, 2),
      level: expect.closeTo(0, 2),
      phase: expect.closeTo(half, 2),
      correlation: expect.closeTo(0.5, 5),
    });
    expect(at(bands, 4000).error).toBeCloseTo(0, 2);
  });

  test('adds up to the energies of the recording and of the difference', () => {
    fc.assert(
      fc.property(pairs, ([original, made]) => {
        const bands = errorByBand(original, made, { sampleRate: RATE });
        const total = (of: 'energy' | 'error') => bands.reduce((all, band) => all + band[of], 0);
        const difference = original.map((value, n) => value - (made[n] as number));
        expect(total('energy')).toBeCloseTo(energy(original), 4);
        expect(total('error')).toBeCloseTo(energy(difference), 4);
      }),
    );
  });
});

describe('errorOverTime', () => {
  test('finds the moment of an error', () => {
    const original = tone(440);
    const made = original.map((value, n) => (n >= 1024 && n < 1536 ? 0 : value));
    const moments = errorOverTime(clip(original), clip(made));
    // 32 ms are 512 samples.
    const wrong = moments.filter(({ error }) => error > 0);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatchObject({ from: 0.064, to: 0.096, error: wrong[0]?.energy });
  });

  test('adds up, the rest too', () => {
    fc.assert(
      fc.property(pairs, ([original, made]) => {
        const moments = errorOverTime(original, made, { sampleRate: 200 });
        const difference = original.map((value, n) => value - (made[n] as number));
        expect(moments.reduce((all, { energy }) => all + energy, 0)).toBeCloseTo(
          energy(original),
          5,
        );
        expect(moments.reduce((all, { error }) => all + error, 0)).toBeCloseTo(
          energy(difference),
          4,
        );
        expect(moments.at(-1)?.to).toBe(original.length / 200);
      }),
    );
  });
});

test.each([errorByBand, errorOverTime])('%p needs a rate', (measure) => {
  expect(() => measure(tone(100), tone(100))).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'sampleRate' }),
  );
});
