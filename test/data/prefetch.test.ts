import {
  type BatchSource,
  type PrefetchedBatch,
  type PrefetchOptions,
  prefetch,
} from '../../lib/data';

/** Three batches an epoch, the last smaller; batch i of epoch e is full of 10·e + i. */
class MadeUpBatches implements BatchSource {
  begun = 0;
  running = 0;
  arrays = new Set<ArrayBuffer>();

  constructor(private readonly failAt = Number.POSITIVE_INFINITY) {}

  batchesPerEpoch(): number {
    return 3;
  }

  batchLength(index: number, batchSize: number): number {
    return index === 2 ? 1 : batchSize;
  }

  async batch(
    epoch: number,
    index: number,
    batchSize: number,
    into = new Float32Array(this.batchLength(index, batchSize)),
  ): Promise<Float32Array<ArrayBuffer>> {
    const number = this.begun++;
    this.running += 1;
    await new Promise((resolve) => setTimeout(resolve, 3));
    this.running -= 1;
    if (number >= this.failAt) throw new RangeError(`batch ${number}`);
    expect(into.length).toBe(this.batchLength(index, batchSize));
    this.arrays.add(into.buffer);
    return into.fill(10 * epoch + index);
  }
}

async function collect(
  batches: BatchSource,
  options: Partial<PrefetchOptions> = {},
  each: (batch: PrefetchedBatch) => unknown = () => {},
): Promise<number[]> {
  const seen: number[] = [];
  for await (const batch of prefetch(batches, { batchSize: 4, epochs: 3, ...options })) {
    await each(batch);
    expect(batch.samples[0]).toBe(10 * batch.epoch + batch.index);
    seen.push(10 * batch.epoch + batch.index);
  }
  return seen;
}

const ALL = [0, 1, 2, 10, 11, 12, 20, 21, 22];

let unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));
beforeEach(() => {
  unhandled = [];
});
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(unhandled).toEqual([]);
});

describe('prefetch', () => {
  test.each([1, 2, 5])('gives every batch in order, with a depth of %i', async (depth) => {
    expect(await collect(new MadeUpBatches(), { depth })).toEqual(ALL);
  });

  test('goes on from any place', async () => {
    expect(await collect(new MadeUpBatches(), { from: { epoch: 1, index: 2 } })).toEqual(
      ALL.slice(5),
    );
    expect(await collect(new MadeUpBatches(), { from: { epoch: 3 } })).toEqual([]);
  });

  test('prepares so many ahead while the consumer works, and no more', async () => {
    const batches = new MadeUpBatches();
    let taken = 0;
    await collect(batches, { depth: 3 }, async () => {
      taken += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(batches.begun).toBeLessThanOrEqual(taken + 3);
      expect(batches.running).toBe(0);
    });
    expect(batches.begun).toBe(9);
  });

  test('hands arrays out again only when it is told to', async () => {
    const [kept, reused] = [new MadeUpBatches(), new MadeUpBatches()];
    const all: PrefetchedBatch[] = [];
    await collect(kept, {}, (batch) => all.push(batch));
    for (const { epoch, index, samples } of all) expect(samples[0]).toBe(10 * epoch + index);
    expect(kept.arrays.size).toBe(9);
    expect(await collect(reused, { reuse: true, epochs: 9 })).toHaveLength(27);
    expect(reused.arrays.size).toBeLessThanOrEqual(8);
  });

  test('an error comes in its turn and ends it', async () => {
    const batches = new MadeUpBatches(2);
    const seen: number[] = [];
    const run = collect(batches, { depth: 5 }, ({ index }) => seen.push(index));
    await expect(run).rejects.toThrow('batch 2');
    expect(seen).toEqual([0, 1]);
    expect(batches.running).toBe(0);
  });

  test('break waits for what is under way', async () => {
    const batches = new MadeUpBatches(1);
    for await (const batch of prefetch(batches, { batchSize: 4, depth: 4 })) {
      expect(batch.index).toBe(0);
      break;
    }
    expect(batches.running).toBe(0);
  });

  test('stops by its signal: before, between and during batches', async () => {
    const aborted = { code: 'ABORTED', name: 'AbortError' };
    const before = new MadeUpBatches();
    await expect(collect(before, { signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
    const between = new AbortController();
    const run = collect(new MadeUpBatches(), { signal: between.signal }, () => between.abort());
    await expect(run).rejects.toMatchObject(aborted);
    const during = new AbortController();
    setTimeout(() => during.abort(new Error('enough')), 1);
    const batches = new MadeUpBatches();
    await expect(collect(batches, { signal: during.signal })).rejects.toMatchObject({
      ...aborted,
      cause: new Error('enough'),
    });
    expect(batches.running).toBe(0);
  });

  test('refuses bad options at once', () => {
    const bad = (options: object) => () =>
      prefetch(new MadeUpBatches(), { batchSize: 4, ...options });
    expect(bad({ depth: 0 })).toThrow(/depth/);
    expect(bad({ batchSize: 0 })).toThrow(/batchSize/);
    expect(bad({ from: { index: 3 } })).toThrow(/3 batches/);
    expect(bad({ dept: 1 })).toThrow(/dept/);
  });
});
