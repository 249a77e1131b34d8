import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { openCorpus, type PreparedCorpus, prepareCorpus, TrainingBatches } from '../../lib/data';
import { ShardFiles } from '../../lib/data/segment-store';
import { temporaryFolder } from '../nn/temporary-folder';
import { RATE, writeCorpus } from './made-up-corpus';

const at = temporaryFolder();
const SEGMENT = 2000;

async function prepared(name: string): Promise<string> {
  await writeCorpus('vctk', at(`${name}-source`));
  const out = at(name);
  await prepareCorpus({
    corpus: 'vctk',
    folder: at(`${name}-source`),
    out,
    sampleRate: RATE,
    skipSeconds: 0.25,
    segmentSamples: SEGMENT,
    workers: 0,
  });
  return out;
}

describe('a prepared corpus', () => {
  let corpus: PreparedCorpus;
  beforeAll(async () => {
    corpus = await openCorpus(await prepared('sound'));
  });
  afterAll(() => corpus.close());

  test('knows what it was made of', async () => {
    expect(corpus).toMatchObject({
      corpus: 'vctk',
      sampleRate: RATE,
      segmentSamples: SEGMENT,
      skipSeconds: 0.25,
      badFiles: [],
    });
    expect([corpus.train.length, corpus.validation.length]).toEqual([24, 120]);
    expect(corpus.train.segment(4)).toEqual({
      name: 'wav48_silence_trimmed/p225/p225_001_mic2.flac',
      group: 'p225',
      start: 4000,
      samples: SEGMENT,
    });
    await corpus.verify();
  });

  test('a part of a segment is that part of the whole, in an array of its own or a given one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(23),
        fc.nat(SEGMENT - 1),
        fc.integer({ min: 1, max: SEGMENT }),
        async (index, start, length) => {
          const count = Math.min(length, SEGMENT - start);
          const whole = await corpus.train.read(index);
          const expected = whole.slice(start, start + count);
          expect(await corpus.train.read(index, start, count)).toEqual(expected);
          const room = new Float32Array(count + 2).fill(9);
          const into = room.subarray(1, count + 1);
          expect(await corpus.train.read(index, start, count, into)).toBe(into);
          expect(into).toEqual(expected);
          expect([room[0], room.at(-1)]).toEqual([9, 9]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    [24, 0, 10],
    [-1, 0, 10],
    [0.5, 0, 10],
    [0, -1, 10],
    [0, 0, 0],
    [0, 1, SEGMENT],
    [0, Number.NaN, 10],
  ])('refuses segment %d from %d, %d long', async (index, start, length) => {
    await expect(corpus.train.read(index, start, length)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const into = new Float32Array(3);
    await expect(corpus.train.read(0, 0, 10, into)).rejects.toMatchObject({ field: 'into' });
  });
});

describe('a damaged corpus says so', () => {
  const shard = 'train-00000.f32';

  test('a shard that is missing or cut short, when it is read', async () => {
    const folder = await prepared('missing');
    const corpus = await openCorpus(folder);
    await truncate(join(folder, shard), 5000);
    await expect(corpus.train.read(0)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(/train-00000\.f32.*5000 bytes instead of 192000.*again/),
    });
    await rm(join(folder, shard));
    await expect(corpus.train.read(0)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const batches = new TrainingBatches({ store: corpus.train, samples: 100 });
    await expect(batches.batch(0, 0, 8)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(corpus.verify()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect((await corpus.validation.read(0)).length).toBe(SEGMENT);
    await corpus.close();
    await corpus.close();
    await expect(corpus.validation.read(0)).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  test('a shard with a changed byte, by verify', async () => {
    const folder = await prepared('changed');
    const bytes = await readFile(join(folder, shard));
    await writeFile(join(folder, shard), bytes.with(100, (bytes[100] as number) ^ 1));
    const corpus = await openCorpus(folder);
    await expect(corpus.verify()).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    await corpus.close();
  });

  test('a manifest that is none, when it is opened', async () => {
    const folder = await prepared('manifest');
    const path = join(folder, 'manifest.json');
    const text = await readFile(path, 'utf8');
    for (const [damage, message] of [
      [text.slice(0, -20), /manifest\.json.*JSON/],
      [text.replace('"sampleRate":8000', '"sampleRate":"8000"'), /settings\.sampleRate/],
      [text.replace('"segments":24', '"segments":23'), /23 segments, but its files list 24/],
      [text.replace('"version":1', '"version":2'), /version/],
      [text.replace('train-00000.f32', '../../etc/passwd'), /shards\.0\.file/],
    ] as const) {
      await writeFile(path, damage);
      await expect(openCorpus(folder)).rejects.toMatchObject({
        code: 'FILE_FORMAT',
        message: expect.stringMatching(message),
      });
    }
    await rm(path);
    await expect(openCorpus(folder)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringMatching(/fewsound prepare/),
    });
  });
});

test('no more files are open than allowed, however many are read at once', async () => {
  const shards = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const path = at(`shard-${index}`);
      await writeFile(path, Uint8Array.of(index, index));
      return { path, bytes: 2 };
    }),
  );
  const files = new ShardFiles(3);
  const reads = Array.from({ length: 200 }, async (_, i) => {
    const target = new Uint8Array(1);
    await files.read(shards[(i * 7) % 20] as (typeof shards)[0], i % 2, target);
    expect(files.openCount).toBeLessThanOrEqual(3);
    return target[0];
  });
  expect(await Promise.all(reads)).toEqual(Array.from({ length: 200 }, (_, i) => (i * 7) % 20));
  const late = files.read(shards[0] as (typeof shards)[0], 0, new Uint8Array(1));
  await Promise.all([late, files.close()]);
  expect(files.openCount).toBe(0);
});
