import { createClip } from '../../lib/audio';
import { cdpam, evaluate, isCdpamSetUp } from '../../lib/metrics';
import { temporaryFolder } from '../nn/temporary-folder';
import { furthest, goldenPairs } from './golden-pairs';
import { noise } from './noise';

const at = temporaryFolder();
const { XDG_CACHE_HOME } = process.env;
beforeEach(() => {
  process.env.FEWSOUND_SKIP_METRICS = '';
});
afterEach(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
});

const testSetUp = isCdpamSetUp() ? test : test.skip;

// Its distances need what `fewsound setup cdpam` fetches.
describe('cdpam (skipped without `fewsound setup cdpam`)', () => {
  testSetUp(
    "distances are the cdpam package's, to 1e-4",
    async () => {
      const pairs = await goldenPairs(['cdpam']);
      expect(pairs.length).toBeGreaterThan(3);
      const found = await Promise.all(
        pairs.map(async ({ name, reference, degraded, rate, scores }) => ({
          name,
          distance: Math.abs(
            ((await cdpam(reference, degraded, { sampleRate: rate })) ?? 0) /
              (scores.cdpam as number) -
              1,
          ),
        })),
      );
      expect(furthest(found).distance).toBeLessThan(1e-4);
    },
    180_000,
  );

  testSetUp(
    'a sound in stretches is heard as in one piece, and equal sounds are at distance 0',
    async () => {
      const [{ reference } = { reference: new Float32Array() }] = await goldenPairs(['cdpam']);
      const short = createClip(reference.subarray(0, 2000), 22_050);
      expect(await cdpam(short, short)).toBe(0);
      expect(await cdpam(createClip([0.5], 22_050), createClip([0.5], 22_050))).toBe(0);
    },
    180_000,
  );

  testSetUp('what overflows float32 is null', async () => {
    const loud = Float32Array.from(noise(500, 1), (value) => value * 1e33);
    expect(await cdpam(loud, loud, { sampleRate: 22_050 })).toBeNull();
  });

  it('without the set-up it is null, and the command is named', async () => {
    process.env.XDG_CACHE_HOME = at('empty');
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const clip = createClip(Float32Array.from(noise(500, 1)), 22_050);
    await expect(cdpam(clip, clip)).rejects.toMatchObject({ code: 'NOT_SET_UP' });
    expect(await evaluate(clip, clip, { metrics: ['cdpam'] })).toEqual({ cdpam: null });
    expect(warned.mock.calls[0]?.[0]).toMatch(/npx fewsound setup cdpam/);
    warned.mockRestore();
  });

  it('is left out of a table where the environment or the length says so', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const long = createClip(new Float32Array(31_000).fill(0.5), 1000);
    const columns = { metrics: ['cdpam', 'mse'] as const };
    expect(await evaluate(long, long, columns)).toEqual({ cdpam: null, mse: 0 });
    expect(warned.mock.calls[0]?.[0]).toMatch(/more than 30 s/);
    warned.mockRestore();
    process.env.FEWSOUND_SKIP_METRICS = 'cdpam,mse';
    expect(await evaluate(long, long, columns)).toEqual({ cdpam: null, mse: null });
  });

  it('refuses signals without a rate', async () => {
    const signal = new Float32Array(10);
    await expect(cdpam(signal, signal)).rejects.toMatchObject({ field: 'sampleRate' });
  });
});
