import { mkdir, readdir } from 'node:fs/promises';
import { siSnr } from '../../lib/metrics';
import { type Inr, KAN, load, type PiecewiseInr } from '../../lib/nn';
import {
  type FitLongOptions,
  type FitLongProgress,
  type FittedPiece,
  fitLong,
} from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { glide, quickLoss } from './glide';

const inFolder = temporaryFolder();
const clip = glide(3000);

const pieceOptions = { pieceSamples: 1200, overlap: 100, loss: quickLoss, threads: 1 } as const;
const seeded = (piece: number) => new KAN({ layers: [6], encoding: 5, grid: 4, seed: piece });

/** The folder of a fit that was aborted in its second piece. */
async function interrupted(options: FitLongOptions): Promise<string> {
  const path = inFolder(`interrupted-${Math.random()}`);
  await mkdir(path);
  const controller = new AbortController();
  const fitting = fitLong(seeded, clip, {
    ...pieceOptions,
    ...options,
    checkpoint: { path },
    signal: controller.signal,
    onProgress: ({ piece }) => {
      if (piece === 1) controller.abort();
    },
  });
  await expect(fitting).rejects.toMatchObject({ code: 'ABORTED' });
  return path;
}

describe('fitLong that was interrupted', () => {
  it.each<[string, FitLongOptions]>([
    ['runs to its last step', { steps: 200 }],
    ['stops early in each piece', { steps: 200, earlyStop: { patience: 5, minDelta: 1e6 } }],
  ])('and is resumed gives the same, bit for bit, where it %s', async (_, options) => {
    const path = await interrupted(options);
    expect((await readdir(path)).sort()).toEqual([
      'piece-0001.safetensors',
      'piece-0002.safetensors',
    ]);
    const again: FittedPiece[] = [];
    using resumed = await fitLong(seeded, clip, {
      ...pieceOptions,
      ...options,
      resume: path,
      onFitted: (piece) => again.push(piece),
    });
    const through: FittedPiece[] = [];
    using whole = await fitLong(seeded, clip, {
      ...pieceOptions,
      ...options,
      onFitted: (piece) => through.push(piece),
    });
    const course = ({ piece, pieces, steps, losses, stoppedBy }: FittedPiece) => {
      return { piece, pieces, steps, losses, stoppedBy };
    };
    expect(again.map(course)).toEqual(through.map(course));
    expect(resumed.render(3000)).toEqual(whole.render(3000));
  });

  it('needs a checkpoint to resume', async () => {
    const fitting = fitLong(seeded, clip, { ...pieceOptions, resume: inFolder('nowhere') });
    await expect(fitting).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', field: 'resume' });
  });
});

describe('fitLong', () => {
  it('fits a long recording piece by piece and joins the pieces', async () => {
    const reports: FitLongProgress[] = [];
    using whole = await fitLong(
      (piece) => new KAN({ layers: [10, 5], encoding: 7, grid: 5, seed: piece }),
      clip,
      {
        pieceSamples: 1200,
        overlap: 100,
        steps: 150,
        loss: quickLoss,
        onProgress: (progress) => reports.push(progress),
      },
    );
    expect(whole.pieces).toHaveLength(3);
    expect(whole.clip).toEqual({ sampleRate: 8000, samples: 3000 });
    const rendered = whole.render(3000);
    expect(siSnr(clip.samples, rendered)).toBeGreaterThan(6);
    expect([...new Set(reports.map(({ piece }) => piece))]).toEqual([0, 1, 2]);
    expect(reports.every(({ pieces }) => pieces === 3)).toBe(true);
    const path = inFolder('long.safetensors');
    await whole.save(path);
    using loaded = (await load(path)) as PiecewiseInr;
    expect(loaded.render({ sampleRate: 16_000 })).toEqual(whole.render({ sampleRate: 16_000 }));
  });

  it('takes a short recording as one piece', async () => {
    using whole = await fitLong(() => smallNetwork('nerf'), clip, { steps: 2, loss: quickLoss });
    expect(whole.pieces).toEqual([{ start: 0, length: 3000 }]);
    expect(whole.render(3000)).toEqual((whole.networks[0] as Inr).render(3000));
  });

  it('disposes of its networks when it fails', async () => {
    const made: Inr[] = [];
    const controller = new AbortController();
    const fitting = fitLong(
      () => {
        const network = smallNetwork('nerf');
        made.push(network);
        return network;
      },
      clip,
      {
        pieceSamples: 1200,
        overlap: 100,
        steps: 100_000,
        loss: quickLoss,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      },
    );
    await expect(fitting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(made).toHaveLength(3);
    for (const network of made) {
      expect(() => network.render(2)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    }
  });

  it.each<[FitLongOptions | object, RegExp]>([
    [{ pieceSamples: 100, overlap: 50 }, /pieceSamples is 100\. Expected at least 4 · overlap/],
    [{ overlap: 1 }, /overlap is 1/],
    [{ steps: -1 }, /steps is -1/],
    [{ pieceSamples: 400, overlap: 20 }, /FFT size of 2048 needs 1025/],
  ])('refuses %j', async (options, message) => {
    const fitting = fitLong(() => smallNetwork('nerf'), clip, options);
    await expect(fitting).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });

  it('refuses what makes no networks', async () => {
    await expect(fitLong(null as never, clip)).rejects.toMatchObject({ field: 'createNetwork' });
    await expect(fitLong(() => 3 as never, clip)).rejects.toMatchObject({ field: 'network' });
    const network = smallNetwork('nerf');
    const shared = fitLong(() => network, clip, { ...pieceOptions, steps: 1 });
    await expect(shared).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'network' });
  });
});
