import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossValidateSvm, equalErrorRate } from '../../lib/analysis';
import { evaluateFolds } from '../../lib/analysis/svm/cross-validation';
import { hasWorkerProgram } from '../../lib/workers/worker-pool';

interface Golden {
  readonly cases: {
    readonly classes: number;
    readonly coef0: number;
    readonly cost: number;
    readonly features: number[][];
    readonly labels: number[];
    readonly fold: number[];
    readonly folds: number;
    readonly predicted: number[];
    readonly accuracy: { mean: number; deviation: number };
    readonly eer: { mean: number; deviation: number } | null;
  }[];
  readonly rates: { scores: number[]; targets: number[]; eer: number }[];
}

const golden: Golden = JSON.parse(readFileSync(join(__dirname, 'svm', 'golden.json'), 'utf8'));

/** Two heaps of points that overlap a little. */
function heaps(rows: number, classes = 2): { features: number[][]; labels: number[] } {
  const labels = Array.from({ length: rows }, (_, i) => i % classes);
  const features = labels.map((label, i) => [
    Math.sin(i * 12.9898) + 0.8 * label,
    100 * Math.cos(i * 78.233) + 60 * label,
    5,
  ]);
  return { features, labels };
}

describe('a support vector machine with a polynomial kernel', () => {
  it.each(golden.cases.map((one, i) => [i, one] as const))(
    "says what scikit-learn's says, case %i",
    async (_, { features, labels, classes, fold, folds, coef0, cost, ...expected }) => {
      const machine = { degree: 3, coef0, cost };
      const found = await evaluateFolds({ ...machine, features, labels, classes, fold, folds });
      expect(found.predicted).toEqual(expected.predicted);
      expect(found.accuracy.mean).toBeCloseTo(expected.accuracy.mean, 12);
      expect(found.accuracy.deviation).toBeCloseTo(expected.accuracy.deviation, 12);
      if (expected.eer === null) expect(found.eer).toBeNull();
      else {
        expect(found.eer?.mean).toBeCloseTo(expected.eer.mean, 12);
        expect(found.eer?.deviation).toBeCloseTo(expected.eer.deviation, 12);
      }
    },
  );

  it('judges every recording once, in folds of every class', async () => {
    const { features, labels } = heaps(60);
    const told: number[] = [];
    const found = await crossValidateSvm(features, labels, ['a', 'b'], {
      folds: 6,
      onProgress: (done) => told.push(done),
    });
    expect(told).toEqual([1, 2, 3, 4, 5, 6]);
    expect(found.accuracy.folds).toHaveLength(6);
    expect(found.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(60);
    for (let held = 0; held < 6; held++) {
      expect(labels.filter((label, i) => found.fold[i] === held && label === 0)).toHaveLength(5);
    }
    const right = labels.filter((label, i) => found.predicted[i] === label).length;
    expect(found.accuracy.mean).toBeCloseTo(right / 60, 12);
    expect(found.accuracy.mean).toBeGreaterThan(0.6);
    const again = await crossValidateSvm(features, labels, ['a', 'b'], { folds: 6 });
    expect(again).toEqual(found);
    const other = await crossValidateSvm(features, labels, ['a', 'b'], { folds: 6, seed: 1 });
    expect(other.fold).not.toEqual(found.fold);
  });

  it('tells several classes apart, without an equal error rate', async () => {
    const { features, labels } = heaps(45, 3);
    const found = await crossValidateSvm(features, labels, ['a', 'b', 'c'], { folds: 3 });
    expect(found.eer).toBeNull();
    expect(found.confusion).toHaveLength(3);
  });

  it('is not told by a feature that lies outside the training folds', async () => {
    // One wild number must not change how the rows of its own fold's training are scaled.
    const { features, labels } = heaps(40);
    const fold = labels.map((_, i) => Math.floor(i / 10));
    const machine = { degree: 3, coef0: 0, cost: 1, classes: 2, folds: 4, fold, labels };
    const calm = await evaluateFolds({ ...machine, features });
    const wild = features.map((row, i) => (i === 0 ? [1e9, ...row.slice(1)] : row));
    const found = await evaluateFolds({ ...machine, features: wild });
    const inFold = (values: readonly number[]) => values.filter((_, i) => fold[i] === 0).slice(1);
    expect(inFold(found.predicted)).toEqual(inFold(calm.predicted));
  });

  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'one class',
      () => crossValidateSvm([[1], [2]], [0, 0], ['a']),
      'INVALID_ARGUMENT',
      /expected two or more classes/,
    ],
    [
      'a class with fewer recordings than folds',
      () => crossValidateSvm(heaps(6).features, heaps(6).labels, ['a', 'b']),
      'INVALID_ARGUMENT',
      /class a has 3 recording.*at least 5/,
    ],
    [
      'a number that is none',
      () =>
        crossValidateSvm(
          [
            [1, 2],
            [3, Number.NaN],
          ],
          [0, 1],
          ['a', 'b'],
        ),
      'INVALID_ARGUMENT',
      /feature 1 of row 1 is NaN/,
    ],
    [
      'rows of unequal length',
      () => crossValidateSvm([[1, 2], [3]], [0, 1], ['a', 'b']),
      'SHAPE_MISMATCH',
      /row 1 has 1 features, but row 0 has 2/,
    ],
    ['no row', () => crossValidateSvm([], [], ['a', 'b']), 'INVALID_ARGUMENT', /has 0 recording/],
    [
      'an unknown label',
      () => crossValidateSvm([[1], [2]], [0, 2], ['a', 'b']),
      'INVALID_ARGUMENT',
      /a label is 2; expected whole numbers from 0 to 1/,
    ],
    [
      'an unknown option',
      () => crossValidateSvm([[1]], [0], ['a', 'b'], { kernel: 'rbf' } as object),
      'INVALID_ARGUMENT',
      /There is no such option/,
    ],
    [
      'a number of workers that is none',
      () => crossValidateSvm([[1]], [0], ['a', 'b'], { workers: 1.5 }),
      'INVALID_ARGUMENT',
      /workers is 1.5/,
    ],
    [
      'an abort',
      () =>
        crossValidateSvm(heaps(20).features, heaps(20).labels, ['a', 'b'], {
          signal: AbortSignal.abort(),
        }),
      'ABORTED',
      /aborted/,
    ],
  ])('refuses %s', async (_, call, code, message) => {
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

const describeBuilt = hasWorkerProgram('analysis/svm/svm-worker.js') ? describe : describe.skip;

describeBuilt('folds on threads of their own (skipped without dist/)', () => {
  const { features, labels } = heaps(300);
  const names = ['a', 'b'];

  it('come to what the calling thread comes to, whatever their number', async () => {
    const here = await crossValidateSvm(features, labels, names, { workers: 0, seed: 3 });
    for (const workers of [1, 2, 5]) {
      const there = await crossValidateSvm(features, labels, names, { workers, seed: 3 });
      expect(there).toEqual(here);
    }
  });

  it('leave the event loop its turns', async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 5);
    const begun = performance.now();
    // It takes a second or so.
    await crossValidateSvm(features, labels, names, { cost: 1000, workers: 1 });
    clearInterval(timer);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan((performance.now() - begun) / 3);
  });

  it('stop at once in the middle of a fold', async () => {
    const controller = new AbortController();
    const begun = performance.now();
    // Alone it would take minutes.
    const work = crossValidateSvm(features, labels, names, {
      cost: 1e7,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort('enough'), 200);
    await expect(work).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  it('are an error where one fails, and stop where who is told fails', async () => {
    const machine = { degree: 3, coef0: 0, cost: 1, classes: 2, folds: 1, features, labels };
    // Nothing is left to learn from.
    const nothing = evaluateFolds({ ...machine, fold: labels.map(() => 0) });
    await expect(nothing).rejects.toMatchObject({ name: 'FewSoundError', code: 'INTERNAL' });
    const broken = crossValidateSvm(features, labels, names, {
      onProgress: () => {
        throw new Error('the listener broke');
      },
    });
    await expect(broken).rejects.toThrow('the listener broke');
  });
});

describe('the equal error rate', () => {
  it.each(golden.rates.map(({ eer, ...rest }) => [eer, rest] as const))(
    "is that of scikit-learn's ROC curve: %d",
    (eer, { scores, targets }) => {
      const isTarget = targets.map((target) => target === 1);
      expect(equalErrorRate(scores, isTarget)).toBeCloseTo(eer, 12);
    },
  );

  it('is 0 where scores tell all apart, 1 where they tell all the other way, a half where they tell nothing', () => {
    const isTarget = [true, true, false, false];
    expect(equalErrorRate([4, 3, 2, 1], isTarget)).toBe(0);
    expect(equalErrorRate([1, 2, 3, 4], isTarget)).toBe(1);
    expect(equalErrorRate([1, 1, 1, 1], isTarget)).toBe(0.5);
  });

  it('needs some of both', () => {
    expect(() => equalErrorRate([1, 2], [true, true])).toThrow(/2 targets and 0 others/);
  });
});
