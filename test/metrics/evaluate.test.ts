import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClip } from '../../lib/audio';
import { evaluate, type MetricName } from '../../lib/metrics';
import { noise } from './noise';

const rate = 22_050;

/** What hears has golden scores of its own: stoi.test.ts, pesq.test.ts, cdpam.test.ts. */
const exact = ['mse', 'mae', 'psnr', 'snr', 'siSnr', 'lsd', 'wd'] as const;

/** The values that reference_values.py computes with torch and scipy. */
const { values: references } = JSON.parse(
  readFileSync(join(__dirname, 'reference-values.json'), 'utf8'),
) as { values: Record<string, Record<MetricName, number>> };

const tone = (i: number): number => Math.sin((2 * Math.PI * 440 * i) / rate);
const base = noise(4096, 1).map((value, i) => 0.6 * tone(i) + 0.2 * value);
const odd = noise(3001, 3).map((value) => 0.1 + 0.4 * value);
const pairs: Record<string, [Float64Array, Float64Array]> = {
  noisy: [base, noise(4096, 2).map((value, i) => (base[i] as number) + 0.05 * value)],
  'quiet-and-shifted': [base, base.map((value) => 0.3 * value + 0.1)],
  'odd-length': [odd, noise(3001, 4).map((value, i) => 0.5 * (odd[i] as number) + 0.2 * value)],
};

describe('evaluate', () => {
  it.each(Object.entries(pairs))('%s: agrees with torch and scipy', async (name, [a, b]) => {
    const metrics = await evaluate(Float32Array.from(a), Float32Array.from(b), {
      sampleRate: rate,
      metrics: exact,
    });
    const expected = references[name] as Record<MetricName, number>;
    for (const metric of exact) {
      // One rounding of a sample, which at 88 dB of SI-SNR shows.
      const tolerance = metric === 'siSnr' ? 1e-5 : 1e-7;
      const error = Math.abs((metrics[metric] as number) / expected[metric] - 1);
      expect({ metric, error: error < tolerance ? 'small' : error }).toEqual({
        metric,
        error: 'small',
      });
    }
  });

  it('takes a clip on either side, and its rate from there', async () => {
    const a = Float32Array.from(noise(500, 5));
    const b = Float32Array.from(noise(500, 6));
    const expected = await evaluate(a, b, { sampleRate: 8000 });
    expect(await evaluate(createClip(a, 8000), b)).toEqual(expected);
    expect(await evaluate(a, createClip(b, 8000))).toEqual(expected);
    expect(await evaluate(createClip(a, 8000), createClip(b, 8000))).toEqual(expected);
  });

  it('measures only what is asked for, in that order', async () => {
    const metrics = await evaluate(Float32Array.of(1, 0), Float32Array.of(0, 0), {
      metrics: ['snr', 'mse'],
    });
    expect(Object.entries(metrics)).toEqual([
      ['snr', 0],
      ['mse', 0.5],
    ]);
  });

  it('gives null for what silence leaves undefined, and JSON without NaN', async () => {
    const silence = createClip(new Float32Array(1000), 8000);
    const live = createClip(Float32Array.from(noise(1000, 7)), 8000);
    const none = { psnr: null, snr: null, siSnr: null, lsd: null, wd: null };
    expect(await evaluate(silence, silence, { metrics: exact })).toEqual({
      ...{ mse: 0, mae: 0 },
      ...none,
    });
    const heard = { pesq: null, stoi: null, estoi: null };
    expect(await evaluate(silence, live)).toMatchObject({ ...none, ...heard });
    const { psnr, snr, siSnr, lsd, wd } = await evaluate(live, silence);
    expect({ snr, siSnr, wd }).toEqual({ snr: 0, siSnr: null, wd: null });
    expect(Number.isFinite(psnr) && Number.isFinite(lsd)).toBe(true);
  });

  it('gives null for what hears at rates that are none of sound', async () => {
    const signal = Float32Array.from(noise(1000, 8));
    const heard = { pesq: null, stoi: null, estoi: null, cdpam: null };
    for (const sampleRate of [999, 22_050.5]) {
      expect(await evaluate(signal, signal, { sampleRate })).toMatchObject({ mse: 0, ...heard });
    }
  });

  it('gives null or finite numbers for a single sample', async () => {
    const one = createClip([0.5], 8000);
    expect(await evaluate(one, createClip([0.25], 8000))).toMatchObject({ siSnr: null, wd: 0 });
  });

  it.each([
    ['an unknown metric', { metrics: ['loudness' as 'mse'] }, 'metrics.0'],
    ['an unknown option', { rate: 8000 } as object, 'rate'],
    ['a rate of zero', { sampleRate: 0 }, 'sampleRate'],
    ['lsd without a rate', {}, 'sampleRate'],
    ['lsd at less than 100 Hz', { sampleRate: 99 }, 'sampleRate'],
  ])('refuses %s', async (_, options, field) => {
    const signal = Float32Array.of(1, 2);
    await expect(evaluate(signal, signal, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
    });
  });

  it('refuses a rate that contradicts the clip', async () => {
    const clip = createClip([1, 2], 8000);
    await expect(evaluate(clip, clip, { sampleRate: 16_000 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/8000 Hz and 16000 Hz/),
    });
  });

  it('names both lengths when they differ', async () => {
    await expect(evaluate(new Float32Array(10), new Float32Array(11))).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: expect.stringMatching(/10 samples.* 11/),
    });
  });
});
