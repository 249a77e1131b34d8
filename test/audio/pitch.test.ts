import fc from 'fast-check';
import { createClip, pitch, resample } from '../../lib/audio';
import { noise } from '../metrics/noise';

const rate = 16_000;

/** A voice-like sound: harmonics up to 7 kHz of a frequency at every sample, the lower the stronger. */
function voice(frequencyAt: (second: number) => number, samples: number, sampleRate = rate) {
  let phase = 0;
  const sound = Float32Array.from({ length: samples }, (_, i) => {
    const hertz = frequencyAt(i / sampleRate);
    phase += (2 * Math.PI * hertz) / sampleRate;
    let sum = 0;
    for (let harmonic = 1; harmonic * hertz < Math.min(7000, sampleRate / 2); harmonic++) {
      sum += Math.sin(harmonic * phase + harmonic * harmonic) / harmonic;
    }
    return 0.2 * sum;
  });
  return createClip(sound, sampleRate);
}

/** What is true of frames that are not near an end of the voice. */
function inner<T>(values: ArrayLike<T>): T[] {
  return Array.from(values).slice(20, -20);
}

// What pyworld gives: test/golden/pitch.py.
describe('pitch', () => {
  it('is that of any steady voice, to a thousandth', async () => {
    const steady = fc.asyncProperty(
      fc.double({ min: 80, max: 500, noNaN: true }),
      async (hertz) => {
        const { frequency, aperiodicity } = await pitch(voice(() => hertz, 8000));
        for (const found of inner(frequency))
          expect(Math.abs(found / hertz - 1)).toBeLessThan(1e-3);
        for (const part of inner(aperiodicity as Float64Array)) expect(part).toBeLessThan(0.4);
      },
    );
    await fc.assert(steady, { numRuns: 12 });
  });

  it('follows a glide, where its frames say that they stand', async () => {
    const glide = (second: number) => 150 * 2 ** second;
    const { seconds, frequency } = await pitch(voice(glide, rate), { framePeriod: 10 });
    expect([...seconds.slice(0, 3)]).toEqual([0, 0.01, 0.02]);
    frequency.forEach((found, i) => {
      const second = seconds[i] as number;
      if (second < 0.1 || second > 0.9) return;
      expect(Math.abs(found / glide(second) - 1)).toBeLessThan(0.005);
    });
  });

  it('does not depend on the level', async () => {
    const clip = voice((second) => 200 + 50 * second, 8000);
    const quiet = createClip(
      clip.samples.map((value) => value / 256),
      rate,
    );
    const loud = await pitch(clip, { aperiodicity: false });
    const { frequency } = await pitch(quiet, { aperiodicity: false });
    // Only guards against divisions by zero, of 1e-12, do.
    inner(frequency).forEach((found, i) => {
      expect(Math.abs(found / (inner(loud.frequency)[i] as number) - 1)).toBeLessThan(1e-6);
    });
  });

  it('has more aperiodicity the more noise there is', async () => {
    const clean = voice(() => 200, 16_000);
    const hiss = noise(16_000, 1);
    let before = 0;
    for (const level of [0, 0.01, 0.03]) {
      const noisy = clean.samples.map((value, i) => value + level * (hiss[i] as number));
      const { aperiodicity } = await pitch(createClip(noisy, rate));
      const parts = inner(aperiodicity as Float64Array);
      const mean = parts.reduce((sum, part) => sum + part) / parts.length;
      expect(mean).toBeGreaterThan(before);
      before = mean;
    }
    expect(before).toBeLessThan(1);
  });

  it('of silence is that of no frame, and so is that of noise but for a few', async () => {
    const silence = await pitch(createClip(new Float32Array(8000), rate));
    expect(silence.frequency).toEqual(new Float64Array(101));
    expect(silence.aperiodicity).toEqual(new Float64Array(101).fill(1 - 1e-12));
    const hiss = Float32Array.from(noise(32_000, 2), (value) => 0.1 * value);
    const { frequency } = await pitch(createClip(hiss, rate), { refine: false });
    const voiced = frequency.filter((found) => found > 0).length;
    expect(voiced).toBeLessThan(0.3 * frequency.length);
  });

  it('is the same at another rate, for a voice below both', async () => {
    const clip = voice((second) => 220 - 60 * second, 22_050, 22_050);
    const other = createClip(resample(clip.samples, 22_050, 16_000), 16_000);
    const [first, second] = await Promise.all([pitch(clip), pitch(other)]);
    inner(first.frequency).forEach((found, i) => {
      expect(Math.abs(found / (inner(second.frequency)[i] as number) - 1)).toBeLessThan(2e-3);
    });
  });

  it('takes rates below that of the aperiodicity where it is left out', async () => {
    const clip = voice(() => 150, 4000, 8000);
    await expect(pitch(clip)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'aperiodicity',
    });
    const { frequency, aperiodicity } = await pitch(clip, { aperiodicity: false });
    expect(aperiodicity).toBeNull();
    expect(frequency[50]).toBeCloseTo(150, 0);
  });

  it('refuses what it cannot measure, and names it', async () => {
    const clip = voice(() => 150, 8000);
    const cases = [
      [createClip(new Float32Array(1000), rate), {}, 'AUDIO_TOO_SHORT', 'clip'],
      [createClip(new Float32Array(1000), 999), {}, 'INVALID_ARGUMENT', 'sampleRate'],
      [clip, { floor: 500, ceiling: 400 }, 'INVALID_ARGUMENT', 'ceiling'],
      [clip, { decimation: 12 }, 'INVALID_ARGUMENT', 'ceiling'],
      [clip, { floor: 1 }, 'INVALID_ARGUMENT', 'floor'],
      [clip, { framePeriod: Number.NaN }, 'INVALID_ARGUMENT', 'framePeriod'],
      [clip, { hop: 5 }, 'INVALID_ARGUMENT', 'hop'],
      [{ samples: [0, 1], sampleRate: rate }, {}, 'INVALID_ARGUMENT', 'samples'],
    ] as const;
    for (const [given, options, code, field] of cases) {
      await expect(pitch(given as never, options as never)).rejects.toMatchObject({ code, field });
    }
  });

  it('of the shortest clip that is taken is there, for any options', async () => {
    const options = fc.record({
      floor: fc.integer({ min: 10, max: 300 }),
      framePeriod: fc.integer({ min: 1, max: 100 }),
      decimation: fc.integer({ min: 1, max: 12 }),
      bandsPerOctave: fc.integer({ min: 1, max: 8 }),
    });
    const shortest = fc.asyncProperty(options, async (given) => {
      const chosen = { ceiling: 600, ...given };
      const tooShort = await pitch(createClip(new Float32Array(1), rate), chosen).catch(
        (error) => error,
      );
      const samples = Number(/it needs (\d+)/.exec(tooShort.message)?.[1]);
      const clip = createClip(Float32Array.from(noise(samples, 3)), rate);
      const { seconds, frequency } = await pitch(clip, chosen);
      expect(frequency.length).toBe(seconds.length);
      for (const found of frequency) expect(found).toBeGreaterThanOrEqual(0);
    });
    await fc.assert(shortest, { numRuns: 50 });
  });
});
