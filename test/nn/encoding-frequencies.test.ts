import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createClip } from '../../lib/audio';
import { type EncodingFrequencies, encodingFrequencies, KAN, load } from '../../lib/nn';

const RATE = 8000;
const SAMPLES = 4000;

/** Sines of amplitude 1 at frequencies, Hz; whole periods in the clip. */
function sines(...hertz: number[]) {
  const samples = Float32Array.from({ length: SAMPLES }, (_, n) =>
    hertz.reduce((sum, each) => sum + Math.sin((2 * Math.PI * each * n) / RATE), 0),
  );
  return createClip(samples, RATE);
}

const clip = sines(440);
/** A period of 1 Hz, in cycles from the first sample to the last. */
const CYCLES = (SAMPLES - 1) / RATE;

function expectClose(found: readonly number[], expected: readonly number[], tolerance = 1e-9) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((found[i] as number) - value)).toBeLessThanOrEqual(tolerance * value);
  }
}

describe('frequencies of an encoding', () => {
  it('stay as they are where they are given', () => {
    expect(encodingFrequencies([3, 1.5], clip)).toEqual([3, 1.5]);
  });

  it('are octaves', () => {
    expect(encodingFrequencies({ kind: 'octaves', count: 4 }, clip)).toEqual([1, 2, 4, 8]);
  });

  it('are rows in cycles and in hertz, of the samples that a network learns', () => {
    const row = { from: 10, to: 1000, count: 3 };
    expectClose(encodingFrequencies({ kind: 'geometric', ...row }, clip), [10, 100, 1000]);
    expectClose(encodingFrequencies({ kind: 'linear', ...row }, clip), [10, 505, 1000]);
    const inHertz: EncodingFrequencies = { kind: 'linear', ...row, unit: 'Hz' };
    expectClose(
      encodingFrequencies(inHertz, clip),
      [10, 505, 1000].map((hertz) => hertz * CYCLES),
    );
    expectClose(
      encodingFrequencies(inHertz, clip, 2001),
      [10, 505, 1000].map((hertz) => hertz / 4),
    );
    expectClose(encodingFrequencies({ kind: 'geometric', ...row, count: 1 }, clip), [10]);
  });

  it('reach further where most of the energy is high', () => {
    const band = { kind: 'band', count: 3 } as const;
    const low = sines(200, RATE / 4 - 10, 300);
    const { length } = low.samples;
    expectClose(encodingFrequencies(band, low), [1, Math.sqrt(length / 4), length / 4], 1e-12);
    const high = sines(200, RATE / 4 + 10, RATE / 4 + 50);
    expectClose(encodingFrequencies(band, high), [1, Math.sqrt(length / 2), length / 2], 1e-12);
    // Of a network for a part of it; and silence is as usual.
    expect(encodingFrequencies(band, high, 128).at(-1)).toBeCloseTo(64, 9);
    const silence = createClip(new Float32Array(100), RATE);
    expect(encodingFrequencies(band, silence).at(-1)).toBeCloseTo(25, 9);
  });

  it('are where the recording has its energy', () => {
    // Three partials of equal energy share six quantiles, two each, within half a bin (1 Hz).
    const found = encodingFrequencies({ kind: 'quantiles', count: 6 }, sines(200, 900, 3000));
    expectClose(
      found,
      [200, 200, 900, 900, 3000, 3000].map((hertz) => hertz * CYCLES),
      0.006,
    );
  });

  it('have as much energy between each and the next', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (values, count) => {
          fc.pre(values.some((value) => Math.abs(value) > 1e-3));
          const noise = createClip(Float32Array.from(values), RATE);
          const found = encodingFrequencies({ kind: 'quantiles', count, power: 1 }, noise);
          expect(found).toHaveLength(count);
          expect(found).toEqual([...found].sort((a, b) => a - b));
          expect(found[0]).toBeGreaterThan(0);
          expect(found.at(-1)).toBeLessThanOrEqual(32.5);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    { kind: 'octaves', count: 0 },
    { kind: 'octaves', count: 2, from: 1 },
    { kind: 'geometric', from: 0, to: 10, count: 3 },
    { kind: 'linear', from: 1, to: 10, count: 3, unit: 'kHz' },
    { kind: 'quantiles', count: 65 },
    { kind: 'peaks', count: 3 },
    null,
  ])('are refused: %j', (rule) => {
    expect(() => encodingFrequencies(rule as EncodingFrequencies, clip)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('are not to be had from silence', () => {
    const silence = createClip(new Float32Array(100), RATE);
    expect(() => encodingFrequencies({ kind: 'quantiles', count: 3 }, silence)).toThrow(/silent/);
  });

  it('are a list in the file of a model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fewsound-frequencies-'));
    const path = join(folder, 'kan.safetensors');
    const found = encodingFrequencies({ kind: 'quantiles', count: 5 }, clip);
    using network = new KAN({ encodingFrequencies: found, layers: [2] });
    await network.save(path);
    const loaded = (await load(path)) as KAN;
    expect(loaded.options).toMatchObject({ encodingFrequencies: found });
    loaded.dispose();
    await rm(folder, { recursive: true });
  });
});
