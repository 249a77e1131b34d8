import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LabeledClips } from '../../lib/data';
import { loadClassifier, type WaveformClassifier } from '../../lib/nn';
import { runFiles, type TrainClassifierOptions, trainClassifier } from '../../lib/train';
import { stateOf } from '../nn/small-classifiers';
import { temporaryFolder } from '../nn/temporary-folder';
import {
  smallClips,
  smallModel,
  smallModelOptions,
  smallTraining,
  timelessLog,
} from './small-classes';
import { describeBuilt, TrainingProcess } from './training-process';

const at = temporaryFolder();
let clips: LabeledClips;
/** A training that nothing interrupted. */
let whole: { log: object[]; state: Map<string, string>; best: Map<string, string>; test: string };

const run = (
  model: WaveformClassifier,
  name: string,
  options: Partial<TrainClassifierOptions> = {},
) => trainClassifier(model, clips, { folder: at(name), ...smallTraining, ...options });

const bestState = async (name: string) => {
  using best = await loadClassifier(runFiles(at(name)).best);
  return stateOf(best);
};

beforeAll(async () => {
  clips = await smallClips(at('clips'));
  using model = smallModel();
  await run(model, 'whole');
  whole = {
    log: await timelessLog(at('whole')),
    state: stateOf(model),
    best: await bestState('whole'),
    test: readFileSync(runFiles(at('whole')).test, 'utf8'),
  };
});

async function expectWhole(name: string, state: Map<string, string>) {
  expect(await timelessLog(at(name))).toEqual(whole.log);
  expect(state).toEqual(whole.state);
  expect(await bestState(name)).toEqual(whole.best);
  expect(readFileSync(runFiles(at(name)).test, 'utf8')).toBe(whole.test);
}

describe('a training of a classifier that is stopped', () => {
  it.each([
    ['in the middle of an epoch', 5, undefined],
    ['at the end of an epoch', 6, undefined],
    ['between checkpoints', 7, 4],
  ])('%s goes on as if it had not been', async (_, stopAt, checkpointEvery) => {
    const name = `stopped-${stopAt}`;
    const controller = new AbortController();
    using stopped = smallModel();
    const training = run(stopped, name, {
      ...(checkpointEvery && { checkpointEvery }),
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === stopAt) controller.abort(new Error('enough'));
      },
    });
    await expect(training).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringMatching(new RegExp(`stopped after step ${stopAt}; go on with resume`)),
    });
    // The model that goes on need not begin with the same weights.
    using model = smallModel({ seed: 77 });
    expect((await run(model, name, { resume: true })).steps).toBe(12);
    await expectWhole(name, stateOf(model));
  });

  it('after its end is at its end', async () => {
    using model = smallModel({ seed: 3 });
    const result = await run(model, 'whole', { resume: true });
    expect(result).toMatchObject({ steps: 12, test: { recordings: 12 } });
    await expectWhole('whole', stateOf(model));
  });

  it('at a constant rate goes on for more epochs', async () => {
    using model = smallModel();
    await run(model, 'longer', { epochs: 2 });
    await run(model, 'longer', { epochs: 4, resume: true });
    await expectWhole('longer', stateOf(model));
  });

  it('with a broken checkpoint says what is wrong with it', async () => {
    using model = smallModel();
    const { files } = await run(model, 'broken', { epochs: 1 });
    const { truncate } = await import('node:fs/promises');
    await truncate(files.last, 5000);
    await expect(run(model, 'broken', { resume: true })).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('last.safetensors'),
    });
  });
});

describeBuilt('in a process of its own (skipped without dist/: npm run build)', () => {
  it('killed at two moments, comes to the same log and weights', async () => {
    const settings = (resume: boolean) => ({
      corpus: at('clips'),
      model: smallModelOptions as never,
      options: { folder: at('killed'), ...smallTraining, checkpointEvery: 1, resume } as never,
      save: at('killed.safetensors'),
    });
    const moments: string[] = [];
    let resume = false;
    for (const from of [2, 8]) {
      const process = new TrainingProcess(settings(resume), {}, 'classifier-process.cjs');
      await process.reaches(from);
      const wait = randomInt(30);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await process.kill();
      moments.push(`step ${from} and ${wait} ms`);
      resume = true;
    }
    await new TrainingProcess(settings(true), {}, 'classifier-process.cjs').finishes();
    expect({ moments, log: await timelessLog(at('killed')) }).toEqual({ moments, log: whole.log });
    using model = await loadClassifier(at('killed.safetensors'));
    await expectWhole('killed', stateOf(model));
  });
});
