import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedCorpus } from '../../lib/data';
import { type FewSound, type HyperNetwork, loadHyperNetwork } from '../../lib/nn';
import { noGrad, scope, type Tensor } from '../../lib/tensor';
import { runFiles, type TrainOptions, train } from '../../lib/train';
import { encoderKinds } from '../nn/small-hyper-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import {
  checkpointStep,
  openTinyCorpus,
  timelessLog,
  tinyEncoders,
  tinyModel,
  tinyModelOptions,
  tinyOptions,
  weightDistance,
  weightsOf,
} from './tiny-training';
import { describeBuilt, startTrainingRanks, TrainingProcess } from './training-process';

const at = temporaryFolder();
let corpus: PreparedCorpus;
beforeAll(async () => {
  corpus = await openTinyCorpus(at('.'));
});
afterAll(() => corpus.close());

const run = (model: HyperNetwork, name: string, options: Partial<TrainOptions> = {}) =>
  train(model as FewSound, corpus, { folder: at(name), ...tinyOptions, ...options });

/** A training that nothing interrupted. */
let whole: {
  log: object[];
  weights: Map<string, string>;
  best: { epoch: number | undefined; weights: Map<string, string> };
};
beforeAll(async () => {
  using model = tinyModel();
  const { files } = await run(model, 'whole');
  using best = await loadHyperNetwork(files.best);
  whole = {
    log: await timelessLog(at('whole')),
    weights: weightsOf(model),
    best: { epoch: best.epoch, weights: weightsOf(best) },
  };
});

/** The folder and the model are those of the training that nothing interrupted. */
async function expectWhole(name: string, model: HyperNetwork) {
  expect(await timelessLog(at(name))).toEqual(whole.log);
  expect(weightsOf(model)).toEqual(whole.weights);
  expect(await checkpointStep(at(name))).toBe(9);
}

describe('a training that is stopped', () => {
  it.each([
    ['in the middle of an epoch', 2, undefined],
    ['at the end of an epoch', 3, undefined],
    ['between checkpoints', 5, 4],
    ['in its last validation', 9, undefined],
  ])('%s goes on as if it had not been', async (_, stopAt, checkpointEvery) => {
    const name = `stopped-${stopAt}`;
    const controller = new AbortController();
    const reason = new Error('enough');
    using stopped = tinyModel();
    const training = run(stopped, name, {
      ...(checkpointEvery && { checkpointEvery }),
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === stopAt - 1) controller.abort(reason);
      },
    });
    await expect(training).rejects.toMatchObject({
      code: 'ABORTED',
      cause: reason,
      message: expect.stringMatching(new RegExp(`stopped after step ${stopAt}; go on with resume`)),
    });
    expect(await checkpointStep(at(name))).toBe(stopAt);
    // The model that goes on need not begin with the same weights.
    using model = tinyModel({ seed: 77 });
    const result = await run(model, name, { resume: true });
    expect(result.steps).toBe(9);
    await expectWhole(name, model);
    using best = await loadHyperNetwork(result.files.best);
    expect([best.epoch, weightsOf(best)]).toEqual([whole.best.epoch, whole.best.weights]);
  });

  it.each(encoderKinds)('goes on so with any encoder: %s', async (kind) => {
    const make = () => tinyModel({ encoder: tinyEncoders[kind] });
    using through = make();
    await run(through, `through-${kind}`);
    const controller = new AbortController();
    using stopped = make();
    const training = run(stopped, `stopped-${kind}`, {
      signal: controller.signal,
      onProgress: ({ step }) => step === 4 && controller.abort(),
    });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED' });
    using resumed = make();
    await run(resumed, `stopped-${kind}`, { resume: true });
    expect(weightsOf(resumed)).toEqual(weightsOf(through));
    expect(await timelessLog(at(`stopped-${kind}`))).toEqual(
      await timelessLog(at(`through-${kind}`)),
    );
  });

  it('in a validation makes that first when it goes on', async () => {
    const controller = new AbortController();
    using stopped = tinyModel();
    const validations: number[] = [];
    const training = run(stopped, 'in-validation', {
      signal: controller.signal,
      onProgress: ({ step }) => step === 6 && controller.abort(),
      onValidation: ({ step }) => validations.push(step),
    });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED' });
    expect(validations).toEqual([3]);
    expect(await checkpointStep(at('in-validation'))).toBe(6);
    using again = tinyModel();
    const signal = AbortSignal.abort();
    await expect(run(again, 'in-validation', { resume: true, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await checkpointStep(at('in-validation'))).toBe(6);
    using model = tinyModel();
    await run(model, 'in-validation', {
      resume: true,
      // With these options there would be none after that epoch.
      validateEvery: 3,
      onValidation: ({ step }) => validations.push(step),
    });
    expect(validations).toEqual([3, 6, 9]);
    await expectWhole('in-validation', model);
  });

  it('before its first step stops after it', async () => {
    using model = tinyModel();
    const signal = AbortSignal.abort();
    await expect(run(model, 'at-once', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await run(model, 'at-once', { resume: true });
    await expectWhole('at-once', model);
  });

  it('after its end is at its end, and changes nothing', async () => {
    using model = tinyModel({ seed: 3 });
    const before = readFileSync(runFiles(at('whole')).last);
    const result = await run(model, 'whole', { resume: true });
    expect(result).toMatchObject({ epochs: 3, steps: 9, best: { step: expect.any(Number) } });
    expect(result.validation).toBeUndefined();
    await expectWhole('whole', model);
    expect(readFileSync(runFiles(at('whole')).last)).toEqual(before);
  });

  it('at a constant rate goes on for more epochs', async () => {
    using model = tinyModel();
    await run(model, 'longer', { epochs: 2 });
    await run(model, 'longer', { epochs: 3, resume: true });
    await expectWhole('longer', model);
  });

  it('seconds go on where they were', async () => {
    using model = tinyModel();
    const first = await run(model, 'seconds', { epochs: 1 });
    const second = await run(model, 'seconds', { epochs: 2, resume: true });
    expect(second.seconds).toBeGreaterThan(first.seconds);
  });
});

describe('a training that diverges', () => {
  it('says at which step, keeps the checkpoint before, and makes no update', async () => {
    using model = tinyModel();
    const files = runFiles(at('diverged'));
    const training = run(model, 'diverged', {
      ...{ learningRate: 1e30, maxUpdate: 0 },
      checkpointEvery: 1,
    });
    await expect(training).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(
        /at step 2 \(epoch 1\) (the loss is|the gradients are).*; no update was made, and the checkpoint after step 1 is kept in .*last\.safetensors\. Lower learningRate/,
      ),
    });
    expect(await checkpointStep(at('diverged'))).toBe(1);
    using saved = await loadHyperNetwork(files.last);
    expect(weightsOf(model)).toEqual(weightsOf(saved));
  });

  it('by a weight that is no number leaves the others alone', async () => {
    using model = tinyModel();
    noGrad(() =>
      scope(() => {
        const bias = model.parameters().get('writer.layers.0.bias') as Tensor;
        bias.narrow(0, 0, 1).fill_(Number.NaN);
      }),
    );
    const before = weightsOf(model);
    await expect(run(model, 'nan')).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(
        /at step 1 .* no update was made, and there was no checkpoint/,
      ),
    });
    expect(weightsOf(model)).toEqual(before);
    expect(existsSync(runFiles(at('nan')).last)).toBe(false);
  });

  it('in the last step of an epoch does not become the checkpoint', async () => {
    using model = tinyModel();
    const training = run(model, 'diverged-epoch', {
      onProgress: ({ step }) => {
        // As a step too far would leave it.
        if (step !== 6) return;
        scope(() => noGrad(() => model.parameters().get('universal.theta')?.fill_(Number.NaN)));
      },
    });
    await expect(training).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(
        /after step 6 .* validation is NaN, and the checkpoint after step 3/,
      ),
    });
    expect(await checkpointStep(at('diverged-epoch'))).toBe(3);
    using again = tinyModel();
    await run(again, 'diverged-epoch', { resume: true });
    await expectWhole('diverged-epoch', again);
  });
});

it('a disk that is full while a checkpoint is written leaves the one before', async () => {
  using model = tinyModel();
  const open = fs.open;
  let full = false;
  const spy = jest.spyOn(fs, 'open').mockImplementation(async (...given) => {
    const file = await open(...given);
    if (full && /last\.safetensors/.test(String(given[0]))) {
      let parts = 0;
      const write = file.writeFile.bind(file);
      file.writeFile = async (...data: Parameters<typeof write>) => {
        if (++parts > 3)
          throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
        return write(...data);
      };
    }
    return file;
  });
  try {
    const training = run(model, 'full', {
      onProgress: ({ step }) => {
        full = step > 3;
      },
    });
    await expect(training).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/last\.safetensors: .*ENOSPC/),
    });
  } finally {
    spy.mockRestore();
  }
  expect(await checkpointStep(at('full'))).toBe(3);
  expect((await fs.readdir(join(at('full'), 'checkpoints'))).sort()).toEqual([
    'best.safetensors',
    'last.safetensors',
  ]);
  using again = tinyModel();
  await run(again, 'full', { resume: true });
  await expectWhole('full', again);
});

describeBuilt('trainings in processes of their own (skipped without dist/: npm run build)', () => {
  const settings = (name: string, options: Partial<TrainOptions> = {}) => ({
    corpus: at('corpus'),
    model: tinyModelOptions,
    options: { folder: at(name), ...tinyOptions, ...options },
    save: at(`${name}.safetensors`),
  });

  it('killed at two moments, a training comes to the same log and weights', async () => {
    const moments: string[] = [];
    let resume = false;
    for (const from of [2, 6]) {
      const process = new TrainingProcess(settings('killed', { checkpointEvery: 1, resume }));
      await process.reaches(from);
      const wait = randomInt(30);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await process.kill();
      moments.push(`step ${from} and ${wait} ms`);
      resume = true;
    }
    const last = new TrainingProcess(settings('killed', { checkpointEvery: 1, resume }));
    await last.finishes();
    expect({ moments, log: await timelessLog(at('killed')) }).toEqual({ moments, log: whole.log });
    using model = await loadHyperNetwork(at('killed.safetensors'));
    expect(weightsOf(model)).toEqual(whole.weights);
  });

  // In float64: where a gradient is nothing but rounding, AdamW makes a whole step of it in
  // float32.
  const exact = { ...tinyModelOptions, dtype: 'float64' } as const;
  beforeAll(async () => {
    using model = tinyModel(exact);
    await run(model, 'alone');
  });

  it('two ranks with batches of four learn what one learns with batches of eight', async () => {
    using alone = await loadHyperNetwork(runFiles(at('alone')).last);
    const expectedLog = (await timelessLog(at('alone'))) as Record<string, number>[];
    const ranks = await startTrainingRanks(
      (rank) => ({
        ...settings('ranks', { batchSize: 4 }),
        // Weights are those of rank 0.
        model: { ...exact, seed: 5 + rank },
        save: at(`rank-${rank}.safetensors`),
      }),
      2,
    );
    await Promise.all(ranks.map((rank) => rank.finishes()));
    using first = await loadHyperNetwork(at('rank-0.safetensors'));
    using second = await loadHyperNetwork(at('rank-1.safetensors'));
    expect(weightsOf(second)).toEqual(weightsOf(first));
    expect(weightDistance(first, alone)).toBeLessThan(1e-9);
    const log = (await timelessLog(at('ranks'))) as Record<string, number>[];
    expect(log).toHaveLength(expectedLog.length);
    for (const [i, record] of log.entries()) {
      const expected = expectedLog[i];
      expect(record.loss).toBeCloseTo(expected?.loss as number, 9);
      expect(record.gradNorm ?? 0).toBeCloseTo(expected?.gradNorm ?? 0, 8);
      // Of estimates that were rounded to float32.
      expect(record.siSnr ?? 0).toBeCloseTo(expected?.siSnr ?? 0, 3);
    }
  });

  it('say why where the first cannot begin', async () => {
    const ranks = await startTrainingRanks(
      () => ({ ...settings('whole', { batchSize: 4 }), model: exact }),
      2,
    );
    await Promise.all(ranks.map(({ ended }) => ended));
    expect(ranks.map(({ last }) => last)).toMatchObject([
      { code: 'INVALID_ARGUMENT' },
      { code: 'PROCESS_GROUP', message: expect.stringContaining('could not begin') },
    ]);
  }, 120_000);

  it('a rank that is killed ends the other, and both go on from the checkpoint', async () => {
    const start = (resume: boolean) =>
      startTrainingRanks(
        (rank) => ({
          ...settings('rank-killed', { batchSize: 4, resume, epochs: resume ? 3 : 1000 }),
          model: exact,
          save: at(`resumed-${rank}.safetensors`),
        }),
        2,
      );
    const [first, second] = (await start(false)) as [TrainingProcess, TrainingProcess];
    await second.reaches(5);
    const killed = Date.now();
    await second.kill();
    await first.ended;
    expect(Date.now() - killed).toBeLessThan(60_000);
    expect(first.last).toMatchObject({ code: 'PROCESS_GROUP' });
    const step = await checkpointStep(at('rank-killed'));
    expect(step).toBeGreaterThanOrEqual(3);
    if (step > 9) throw new Error(`the rank was killed too late, after step ${step}`);
    await Promise.all((await start(true)).map((rank) => rank.finishes()));
    using model = await loadHyperNetwork(at('resumed-1.safetensors'));
    using alone = await loadHyperNetwork(runFiles(at('alone')).last);
    expect(weightDistance(model, alone)).toBeLessThan(1e-9);
  }, 120_000);
});
