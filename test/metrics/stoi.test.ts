import { createClip } from '../../lib/audio';
import { estoi, stoi } from '../../lib/metrics';
import { furthest, goldenPairs, hasRecordings, type LoadedPair } from './golden-pairs';
import { noise } from './noise';

const testShared = hasRecordings ? test : test.skip;

/** Distances from the golden scores; where those are a draw, beyond the spread of draws. */
async function distances(pairs: readonly LoadedPair[], at10kHz: boolean) {
  return Promise.all(
    pairs.flatMap(({ name, reference, degraded, rate, scores }) => {
      const sampleRate = at10kHz ? 10_000 : rate;
      const rows = at10kHz
        ? [
            { measure: stoi, golden: scores.stoi10, spread: 0 },
            { measure: estoi, golden: scores.estoi10, spread: scores.estoi10Spread ?? 0 },
          ]
        : [
            { measure: stoi, golden: scores.stoi, spread: 0 },
            { measure: estoi, golden: scores.estoi, spread: scores.estoiSpread ?? 0 },
          ];
      return rows.map(async ({ measure, golden, spread }) => {
        const score = await measure(reference, degraded, { sampleRate });
        const away = Math.abs((score as number) - (golden as number));
        return { name: `${measure.name} ${name}`, distance: away <= spread ? 0 : away };
      });
    }),
  );
}

describe('stoi and estoi', () => {
  it('are those of pystoi on 10 kHz input, to 1e-9', async () => {
    const found = await distances(await goldenPairs(['stoi10']), true);
    expect(found.length).toBeGreaterThan(100);
    expect(furthest(found).distance).toBeLessThan(1e-9);
  });

  it('are those of pystoi through its resampler, from 16,000 and 22,050 Hz, to 1e-9', async () => {
    const found = await distances(await goldenPairs(['stoi']), false);
    expect(furthest(found).distance).toBeLessThan(1e-9);
  });

  testShared('likewise on LJ Speech (skipped without ../shared/data)', async () => {
    const found = await distances(await goldenPairs(['stoi'], { shared: true }), false);
    expect(furthest(found).distance).toBeLessThan(1e-9);
  });

  it('are 1 for equal signals, whatever their level', async () => {
    const signal = Float32Array.from(noise(22_050, 1));
    const quiet = signal.map((value) => value / 1024);
    expect(await stoi(signal, quiet, { sampleRate: 22_050 })).toBeCloseTo(1, 9);
    expect(await estoi(signal, quiet, { sampleRate: 22_050 })).toBeCloseTo(1, 9);
  });

  it('are 1e-5 with a warning where less than 30 frames are not silent', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const short = createClip(Float32Array.from(noise(3000, 1)), 10_000);
    expect(await stoi(short, short)).toBe(1e-5);
    expect(await estoi(short, short)).toBe(1e-5);
    expect(await stoi(createClip([1], 10_000), createClip([1], 10_000))).toBe(1e-5);
    // 2 s, but for 0.2 s silence.
    const pause = createClip(
      Float32Array.from(noise(20_000, 1), (value, i) => (i < 2000 ? value : 0)),
      10_000,
    );
    expect(await stoi(pause, pause)).toBe(1e-5);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]?.[0]).toMatch(/30 frames/);
    warned.mockRestore();
  });

  it('are null for a silent reference and 0 for silence in place of speech', async () => {
    const silence = new Float32Array(20_000);
    const speech = Float32Array.from(noise(20_000, 2));
    for (const measure of [stoi, estoi]) {
      expect(await measure(silence, speech, { sampleRate: 10_000 })).toBeNull();
      expect(await measure(speech, silence, { sampleRate: 10_000 })).toBe(0);
    }
  });

  it.each([undefined, 0, 999, 384_001, 10_000.5, Number.NaN])(
    'refuse the rate %p',
    async (sampleRate) => {
      const signal = new Float32Array(1000).fill(0.5);
      await expect(
        stoi(signal, signal, { sampleRate: sampleRate as number }),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'sampleRate' });
    },
  );

  it('measure many pairs at once, and leave the event loop free', async () => {
    const signal = Float32Array.from(noise(100_000, 3));
    const other = signal.map((value, i) => value + (i % 3) / 10);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const scores = await Promise.all(
      Array.from({ length: 40 }, () => estoi(signal, other, { sampleRate: 22_050 })),
    );
    clearInterval(timer);
    expect(new Set(scores).size).toBe(1);
    expect(ticks).toBeGreaterThan(3);
  });
});
