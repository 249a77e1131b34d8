import fc from 'fast-check';
import {
  openCorpus,
  type PreparedCorpus,
  prepareCorpus,
  TrainingBatches,
  type TrainingBatchesOptions,
  ValidationBatches,
} from '../../lib/data';
import { temporaryFolder } from '../nn/temporary-folder';
import { RATE, tone, wav, writeCorpus, writeFiles } from './made-up-corpus';

const at = temporaryFolder();
const SAMPLES = 300;
const plain = { randomStart: false, phaseMangle: 0, dequantize: false };

let corpus: PreparedCorpus;
beforeAll(async () => {
  await writeCorpus('folder', at('source'));
  const out = at('out');
  await prepareCorpus({
    corpus: 'folder',
    folder: at('source'),
    out,
    sampleRate: RATE,
    skipSeconds: 0.25,
    segmentSamples: 1000,
    validationFraction: 0.5,
    workers: 0,
  });
  corpus = await openCorpus(out);
});
afterAll(() => corpus.close());

const training = (more: Partial<TrainingBatchesOptions> = {}) =>
  new TrainingBatches({ store: corpus.train, samples: SAMPLES, seed: 4, ...more });

const rowsOf = (batch: Float32Array): string[] =>
  Array.from({ length: batch.length / SAMPLES }, (_, row) =>
    batch.subarray(row * SAMPLES, (row + 1) * SAMPLES).join(),
  );

async function epochRows(batches: TrainingBatches, epoch: number, size: number): Promise<string[]> {
  const rows: string[] = [];
  for (let index = 0; index < batches.batchesPerEpoch(size); index++) {
    rows.push(...rowsOf(await batches.batch(epoch, index, size)));
  }
  return rows;
}

describe('TrainingBatches', () => {
  test('without augmentation a crop is the scaled beginning of a segment, each once an epoch', async () => {
    const batches = training({ augmentation: plain });
    expect(batches.samplesPerEpoch).toBe(60);
    const rows = await epochRows(batches, 0, 10);
    const beginnings = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const samples = await corpus.train.read(index, 0, SAMPLES);
        const peak = Math.max(...samples.map(Math.abs));
        return samples.map((value) => value / peak).join();
      }),
    );
    expect([...rows].sort()).toEqual(beginnings.sort());
    const next = await epochRows(batches, 1, 10);
    expect(next).not.toEqual(rows);
    expect([...next].sort()).toEqual(beginnings);
  });

  test('a longer epoch takes the segments again, in a new order', async () => {
    const rows = await epochRows(training({ augmentation: plain, samplesPerEpoch: 130 }), 3, 10);
    const [first, second, rest] = [rows.slice(0, 60), rows.slice(60, 120), rows.slice(120)];
    expect(new Set(first).size).toBe(60);
    expect(new Set(second)).toEqual(new Set(first));
    expect(second).not.toEqual(first);
    expect(new Set(rest).size).toBe(10);
  });

  test('a batch depends on its place only, not on what was drawn before', async () => {
    const reference = await training().batch(2, 3, 8);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(4), fc.nat(6)), { maxLength: 4 }),
        async (before) => {
          const batches = training();
          for (const [epoch, index] of before) await batches.batch(epoch, index, 8);
          expect(await batches.batch(2, 3, 8)).toEqual(reference);
        },
      ),
      { numRuns: 20 },
    );
    expect(await training({ seed: 5 }).batch(2, 3, 8)).not.toEqual(reference);
    expect(await training().batch(3, 3, 8)).not.toEqual(reference);
  });

  test('the size of batches changes no crop', async () => {
    expect(await epochRows(training(), 1, 5)).toEqual(await epochRows(training(), 1, 20));
  });

  test('several processes see together what one sees alone', async () => {
    for (const worldSize of [2, 4]) {
      const alone = rowsOf(await training().batch(1, 2, 8));
      const together: string[] = [];
      for (let rank = 0; rank < worldSize; rank++) {
        const part = await training({ shard: { rank, worldSize } }).batch(1, 2, 8);
        expect(part.length).toBe((8 / worldSize) * SAMPLES);
        together.push(...rowsOf(part));
      }
      expect(together).toEqual(alone);
    }
  });

  test('writes into a given array', async () => {
    const into = new Float32Array(8 * SAMPLES);
    expect(await training().batch(0, 0, 8, into)).toBe(into);
    expect(into).toEqual(await training().batch(0, 0, 8));
    await expect(training().batch(0, 0, 8, new Float32Array(9))).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
  });

  test('crops what is sound of a padded recording', async () => {
    await writeFiles(at('short'), { 'a.wav': wav(tone(1, 500)), 'b.wav': wav(tone(2, 500)) });
    const settings = { sampleRate: RATE, skipSeconds: 0, segmentSamples: 1000, workers: 0 };
    const out = at('padded');
    await prepareCorpus({ corpus: 'folder', folder: at('short'), out, short: 'pad', ...settings });
    const padded = await openCorpus(out);
    const batches = new TrainingBatches({
      store: padded.train,
      samples: SAMPLES,
      samplesPerEpoch: 64,
      augmentation: { phaseMangle: 0, dequantize: false },
    });
    const batch = await batches.batch(0, 0, 64);
    expect(new Set(rowsOf(batch)).size).toBeGreaterThan(30);
    expect(rowsOf(batch).every((row) => !row.includes(',0,0,0'))).toBe(true);
    await padded.close();
  });

  test('refuses what cannot be', async () => {
    expect(() => training({ samples: 1001 })).toThrow(/1001.*1000/);
    expect(() => training({ seed: -1 })).toThrow(/seed/);
    expect(() => training({ augmentation: { phaseMangle: 1.5 } })).toThrow(/phaseMangle/);
    expect(() => training({ shard: { rank: 2, worldSize: 2 } })).toThrow(/rank/);
    expect(() => new TrainingBatches({ store: {} as never })).toThrow(/SegmentStore/);
    expect(() => training().batchesPerEpoch(61)).toThrow(/1 to 60/);
    expect(() => training({ shard: { rank: 0, worldSize: 3 } }).batchesPerEpoch(8)).toThrow(
      /3 pro/,
    );
    for (const [epoch, index] of [
      [-1, 0],
      [0, 7],
      [0, -1],
      [0.5, 0],
    ] as const) {
      await expect(training().batch(epoch, index, 8)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });
});

describe('ValidationBatches', () => {
  const validation = (more = {}) =>
    new ValidationBatches({ store: corpus.validation, samples: SAMPLES, ...more });

  test('the beginnings of all segments in their order, scaled, the last batch smaller', async () => {
    const batches = validation();
    expect([batches.length, batches.batchesPerEpoch(25)]).toEqual([60, 3]);
    const last = await batches.batch(0, 2, 25);
    expect(last.length).toBe(10 * SAMPLES);
    expect(last.length).toBe(batches.batchLength(2, 25));
    const samples = await corpus.validation.read(50, 0, SAMPLES);
    const peak = Math.max(...samples.map(Math.abs));
    expect(last.subarray(0, SAMPLES)).toEqual(samples.map((value) => value / peak));
    expect(await batches.batch(7, 2, 25)).toEqual(last);
  });

  test('512 at most, spread over the store', async () => {
    const batches = validation({ limit: 20 });
    const names = batches.segments(0, 20).map(({ name, start }) => `${name} ${start}`);
    expect(new Set(names).size).toBe(20);
    const all = Array.from({ length: 60 }, (_, index) => corpus.validation.segment(index));
    expect(batches.segments(0, 20)).toEqual(all.filter((_, index) => index % 3 === 0));
    expect(validation().length).toBe(60);
  });

  test('several processes see together what one sees alone, also of a small batch', async () => {
    for (const [index, size] of [
      [0, 25],
      [2, 25],
      [29, 2],
    ] as const) {
      const together: string[] = [];
      for (let rank = 0; rank < 3; rank++) {
        const part = validation({ shard: { rank, worldSize: 3 } });
        together.push(...rowsOf(await part.batch(0, index, size)));
      }
      expect(together).toEqual(rowsOf(await validation().batch(0, index, size)));
    }
  });
});
