import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createClip } from '../../lib/audio';
import { evaluate, isPesqSetUp, pesq } from '../../lib/metrics';
import { pesqLibraryPath } from '../../lib/metrics/pesq/pesq-package';
import { measureInWorker } from '../../lib/metrics/pesq/pesq-workers';
import { temporaryFolder } from '../nn/temporary-folder';
import { halved } from './degrade';
import { furthest, goldenPairs, hasRecordings, type LoadedPair } from './golden-pairs';
import { noise } from './noise';

const at = temporaryFolder();
const { XDG_CACHE_HOME } = process.env;
afterEach(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
});

const testSetUp = isPesqSetUp() ? test : test.skip;
const testShared = isPesqSetUp() && hasRecordings ? test : test.skip;
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => error.code,
  );

async function distances(pairs: readonly LoadedPair[]) {
  const measured = pairs.flatMap(({ name, reference, degraded, rate, scores }) => {
    const rows = [
      { golden: scores.pesq, band: 'wide', pair: [reference, degraded], sampleRate: rate },
      { golden: scores.narrow, band: 'narrow', pair: [reference, degraded], sampleRate: rate },
      {
        golden: scores.half,
        band: 'narrow',
        pair: [halved(reference), halved(degraded)],
        sampleRate: rate / 2,
      },
    ] as const;
    return rows.flatMap(({ golden, band, pair, sampleRate }) =>
      golden === undefined
        ? []
        : [
            pesq(pair[0], pair[1], { sampleRate, band })
              .catch((error) => (error.code === 'NO_UTTERANCE' ? null : Number.NaN))
              .then((score) => ({
                name: `${name} ${band} ${sampleRate}`,
                distance: score === golden ? 0 : Math.abs((score as number) - (golden as number)),
              })),
          ],
    );
  });
  return Promise.all(measured);
}

// Its scores need what `fewsound setup pesq` makes.
describe('pesq (skipped without `fewsound setup pesq`)', () => {
  testSetUp("scores are the pesq package's, to 1e-6", async () => {
    const found = await distances(await goldenPairs(['pesq']));
    expect(found.length).toBeGreaterThan(150);
    expect(furthest(found).distance).toBeLessThan(1e-6);
  });

  testShared(
    'likewise on 150 pairs of VCTK (skipped without ../shared/data)',
    async () => {
      const found = await distances(await goldenPairs(['pesq'], { shared: true }));
      expect(found.length).toBe(300);
      expect(furthest(found).distance).toBeLessThan(1e-6);
    },
    180_000,
  );

  testSetUp('equal signals reach the top of each scale', async () => {
    const [{ reference, rate }] = (await goldenPairs(['pesq'])) as [LoadedPair];
    const clip = createClip(reference, rate);
    expect(await pesq(clip, clip)).toBeCloseTo(4.643888, 6);
    expect(await pesq(clip, clip, { band: 'narrow' })).toBeCloseTo(4.548638, 6);
    const half = createClip(halved(reference), rate / 2);
    expect(await pesq(half, half)).toBeCloseTo(4.548638, 6);
  });

  testSetUp('no speech and too little sound are errors, and null in a table', async () => {
    const rate = { sampleRate: 16_000 };
    const silence = new Float32Array(16_000);
    const hiss = Float32Array.from(noise(16_000, 1), (value) => value / 10);
    const short = hiss.subarray(0, 3999);
    expect(await code(pesq(silence, hiss, rate))).toBe('NO_UTTERANCE');
    expect(await code(pesq(hiss, silence, rate))).toBe('NO_UTTERANCE');
    expect(await code(pesq(short, short, rate))).toBe('AUDIO_TOO_SHORT');
    const columns = { ...rate, metrics: ['pesq'] as const };
    expect(await evaluate(silence, hiss, columns)).toEqual({ pesq: null });
    expect(await evaluate(short, short, columns)).toEqual({ pesq: null });
  });

  testSetUp('evaluate measures wide band at any rate', async () => {
    const pair = (await goldenPairs(['stoi'])).find(({ rate }) => rate === 22_050) as LoadedPair;
    const clip = createClip(pair.reference, 22_050);
    const { pesq: score } = await evaluate(clip, clip, { metrics: ['pesq'] });
    expect(score).toBeCloseTo(4.643888, 6);
  });

  it('bad calls are refused before anything runs', async () => {
    const signal = new Float32Array(16_000).fill(0.5);
    const refused = async (options: object, field: string) =>
      expect(pesq(signal, signal, options)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field,
      });
    await refused({}, 'sampleRate');
    await refused({ sampleRate: 22_050 }, 'sampleRate');
    await refused({ sampleRate: 8000, band: 'wide' }, 'band');
    await refused({ sampleRate: 8000, band: 'middle' }, 'band');
    const broken = signal.with(7, Number.NaN);
    expect(await code(pesq(signal, broken, { sampleRate: 16_000 }))).toBe('INVALID_ARGUMENT');
    expect(await code(pesq(signal, signal.subarray(1), { sampleRate: 16_000 }))).toBe(
      'SHAPE_MISMATCH',
    );
  });

  it('without the set-up it is null, and the command is named', async () => {
    process.env.XDG_CACHE_HOME = at('empty');
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const clip = createClip(Float32Array.from(noise(16_000, 1)), 16_000);
    await expect(pesq(clip, clip)).rejects.toMatchObject({ code: 'NOT_SET_UP' });
    expect(await evaluate(clip, clip, { metrics: ['pesq', 'mse'] })).toEqual({
      pesq: null,
      mse: 0,
    });
    await evaluate(clip, clip, { metrics: ['pesq'] });
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]?.[0]).toMatch(/npx fewsound setup pesq/);
    warned.mockRestore();
  });
});

const hasCompiler = spawnSync(process.env.CC ?? 'cc', ['--version']).status === 0;
const testCompiled = hasCompiler ? test : test.skip;

let pretended = 0;

/**
 * A library in place of PESQ's whose function has this body; in a folder of its own, since a
 * process opens each once.
 */
function pretendLibrary(body: string): void {
  process.env.XDG_CACHE_HOME = at(`cache-${pretended++}`);
  const library = pesqLibraryPath();
  mkdirSync(dirname(library), { recursive: true });
  const source = join(dirname(library), 'pretend.c');
  writeFileSync(
    source,
    `#include <stdlib.h>\nlong fewsound_pesq(long rate, int wide, float* x, float* y, long n, double* score) { ${body} }\n`,
  );
  spawnSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-o', library, source]);
}

describe("PESQ's process (skipped without a C compiler)", () => {
  const signal = new Float32Array(16_000).fill(0.25);
  const rate = { sampleRate: 16_000 };
  const job = (seconds: number) => ({
    ...{ library: pesqLibraryPath(), reference: signal, degraded: signal, sampleRate: 16_000 },
    ...{ measuredAt: 16_000, wideBand: true, seconds },
  });

  testCompiled('a crash is an error of that pair, and null with a warning in a table', async () => {
    pretendLibrary('if (x[0] == y[0]) abort(); *score = 2; return 0;');
    const other = signal.map((value) => value / 2);
    const all = await Promise.allSettled([
      pesq(signal, other, rate),
      pesq(signal, signal, rate),
      pesq(signal, other, rate),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(all[1]).toMatchObject({ reason: { code: 'WORKER' } });
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(await evaluate(signal, signal, { ...rate, metrics: ['pesq'] })).toEqual({ pesq: null });
    expect(warned.mock.calls[0]?.[0]).toMatch(/crashed/);
    warned.mockRestore();
  });

  testCompiled('a hang ends at the limit', async () => {
    pretendLibrary('for (;;) if (rate == 0) return 1;');
    await expect(measureInWorker(job(1))).rejects.toMatchObject({
      code: 'WORKER',
      message: expect.stringMatching(/longer than 1 s/),
    });
  });

  testCompiled(
    'the louder signal is scaled to 1, and no score that is none comes out',
    async () => {
      pretendLibrary('*score = x[0] + y[0]; return 0;');
      const half = signal.map((value) => value / 2);
      expect(await pesq(signal, half, rate)).toBe(1.5);
      pretendLibrary('*score = 0.0 / 0.0; return 0;');
      expect(await code(pesq(signal, half, rate))).toBe('WORKER');
    },
  );

  testCompiled('a library that cannot be opened says so, with the remedy', async () => {
    pretendLibrary('return 0;');
    writeFileSync(pesqLibraryPath(), 'no library');
    await expect(pesq(signal, signal, rate)).rejects.toMatchObject({
      code: 'WORKER',
      message: expect.stringMatching(/setup pesq --force/),
    });
  });
});
