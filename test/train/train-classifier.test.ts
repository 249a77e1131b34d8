import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { LabeledClips } from '../../lib/data';
import { IncTssdnet, loadClassifier, type WaveformClassifier } from '../../lib/nn';
import { readSafetensors, scope } from '../../lib/tensor';
import { type TrainClassifierOptions, trainClassifier } from '../../lib/train';
import { stateOf } from '../nn/small-classifiers';
import { temporaryFolder } from '../nn/temporary-folder';
import { smallClips, smallModel, smallTraining, timelessLog } from './small-classes';

const at = temporaryFolder();
let clips: LabeledClips;
beforeAll(async () => {
  clips = await smallClips(at('clips'));
});

const run = (
  model: WaveformClassifier,
  name: string,
  options: Partial<TrainClassifierOptions> = {},
) => trainClassifier(model, clips, { folder: at(name), ...smallTraining, ...options });

describe('trainClassifier', () => {
  it('tells pitches apart, and says how well', async () => {
    using model = smallModel();
    const result = await run(model, 'pitches', { epochs: 25 });
    expect(result).toMatchObject({
      epochs: 25,
      steps: 75,
      recordings: { train: 36, validation: 12, test: 12 },
      best: { accuracy: 1 },
      test: { recordings: 12, accuracy: 1 },
    });
    expect(result.test.confusion).toEqual({
      labels: ['high', 'low', 'middle'],
      counts: [
        [4, 0, 0],
        [0, 4, 0],
        [0, 0, 4],
      ],
    });
    const kept = JSON.parse(readFileSync(result.files.test, 'utf8'));
    expect(kept).toMatchObject(result.test);
    expect(kept.names).toHaveLength(12);
    const config = JSON.parse(readFileSync(result.files.config, 'utf8'));
    expect(config).toMatchObject({
      model: { kind: 'segmental-cnn', classes: 3 },
      clips: { recordings: 60, labels: ['high', 'low', 'middle'] },
      training: { epochs: 25, split: { validation: 0.2, test: 0.2 } },
    });
  });

  it('logs every step and the accuracy of every validation', async () => {
    using model = smallModel();
    const told: object[] = [];
    const steps: number[] = [];
    const { files } = await run(model, 'log', {
      onProgress: ({ step, steps: all, epoch, epochs }) => {
        steps.push(step);
        expect([all, epochs, epoch]).toEqual([12, 4, Math.ceil(step / 3)]);
      },
      onValidation: (validation) => {
        // The model can be looked at meanwhile.
        stateOf(model);
        told.push(validation);
      },
    });
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(told).toHaveLength(4);
    const log = (await timelessLog(files.folder)) as Record<string, unknown>[];
    expect(log.filter(({ kind }) => kind === 'step')).toHaveLength(12);
    const validations = log.filter(({ kind }) => kind === 'validation');
    expect(validations.map(({ accuracy }) => accuracy)).toEqual(
      told.map((result) => (result as { accuracy: number }).accuracy),
    );
  });

  it('keeps the best model, which knows how to listen', async () => {
    using model = smallModel();
    const { files, best } = await run(model, 'best');
    using loaded = await loadClassifier(files.best);
    expect(loaded.input).toEqual({
      sampleRate: 8000,
      normalize: true,
      place: 'center',
      labels: ['high', 'low', 'middle'],
    });
    using last = await loadClassifier(files.last);
    expect(stateOf(last)).toEqual(stateOf(model));
    const steps = (await timelessLog(files.folder)) as Record<string, number>[];
    const accuracies = steps.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy]));
    expect(best.accuracy).toBe(Math.max(...accuracies));
  });

  it('keeps the convolutions of every epoch, or all weights, or none', async () => {
    using model = smallModel();
    const { files } = await run(model, 'convolutions', { epochs: 2 });
    expect(readdirSync(files.epochs).sort()).toEqual([
      'epoch-0000.safetensors',
      'epoch-0001.safetensors',
      'epoch-0002.safetensors',
    ]);
    await scope(async () => {
      const { tensors, metadata } = await readSafetensors(`${files.epochs}/epoch-0000.safetensors`);
      expect([...tensors.keys()]).toEqual([
        'layers.0.branches.0.weight',
        'layers.1.branches.0.weight',
      ]);
      expect(metadata).toMatchObject({ kind: 'segmental-cnn', epoch: '0', sampleRate: '8000' });
      using fresh = smallModel();
      const first = fresh.parameters().get('layers.0.branches.0.weight');
      expect(tensors.get('layers.0.branches.0.weight')?.data()).toEqual(first?.data());
      const last = (await readSafetensors(`${files.epochs}/epoch-0002.safetensors`)).tensors;
      expect(last.get('layers.0.branches.0.weight')?.data()).not.toEqual(first?.data());
    });
    using none = smallModel();
    const without = await run(none, 'none', { epochs: 1, epochWeights: 'none' });
    expect(existsSync(without.files.epochs)).toBe(false);
    using all = smallModel();
    const whole = await run(all, 'all', { epochs: 1, epochWeights: 'all' });
    await scope(async () => {
      const { tensors } = await readSafetensors(`${whole.files.epochs}/epoch-0001.safetensors`);
      expect([...tensors.keys()]).toEqual([...all.stateDict().keys()]);
    });
  });

  it('the same seed gives the same training, bit for bit, and another one another', async () => {
    const states = [];
    for (const [name, seed] of [
      ['same-1', 2],
      ['same-2', 2],
      ['other', 3],
    ] as const) {
      using model = smallModel();
      await run(model, name, { seed });
      states.push(stateOf(model));
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).not.toEqual(states[0]);
    expect(await timelessLog(at('same-2'))).toEqual(await timelessLog(at('same-1')));
  });

  it('leaves the event loop free', async () => {
    using model = smallModel({ hidden: 4096 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const { seconds } = await run(model, 'loop', { epochs: 4 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan((seconds * 1000) / 5 / 10);
  });

  it('trains a TSSDNet as well', async () => {
    using model = new IncTssdnet({ classes: 3, samples: 640, seed: 1 });
    const result = await run(model, 'tssdnet', { epochs: 12 });
    expect(result.test.accuracy).toBeGreaterThan(0.8);
  });
});

describe('trainClassifier refuses', () => {
  it.each<[string, Partial<TrainClassifierOptions>, string, RegExp]>([
    ['an unknown option', { epoch: 3 } as object, 'epoch', /There is no such option/],
    [
      'a batch of one',
      { batchSize: 1 },
      'batchSize',
      /batchSize is 1\. Expected a whole number from 2/,
    ],
    ['more than there is', { batchSize: 37 }, 'batchSize', /36 recordings to learn from/],
    ['a shift beyond the margin', { shift: 17 }, 'shift', /read them with margin: 17/],
    ['a split of all', { split: { validation: 0.5, test: 0.5 } }, 'split', /less than 1 together/],
    ['no rate', { learningRate: 0 }, 'learningRate', /above 0/],
  ])('%s', async (_, options, field, message) => {
    using model = smallModel();
    await expect(run(model, 'refused', options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      message: expect.stringMatching(message),
    });
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('a model of other classes or samples', async () => {
    using two = smallModel({ classes: 2 });
    await expect(run(two, 'refused')).rejects.toMatchObject({
      field: 'classes',
      message: expect.stringMatching(/give the model classes: 3/),
    });
    using longer = smallModel({ samples: 650 });
    await expect(run(longer, 'refused')).rejects.toMatchObject({ field: 'samples' });
    await expect(run({} as WaveformClassifier, 'refused')).rejects.toMatchObject({
      field: 'model',
    });
    using model = smallModel();
    await expect(
      trainClassifier(model, [] as unknown as LabeledClips, { folder: at('refused') }),
    ).rejects.toMatchObject({ field: 'clips' });
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('a folder that holds a training, and a model that is at work', async () => {
    using model = smallModel();
    const first = run(model, 'taken', { epochs: 1 });
    await expect(run(model, 'other-folder')).rejects.toThrow(/is being trained already/);
    await first;
    await expect(run(model, 'taken')).rejects.toMatchObject({ field: 'folder' });
    await expect(run(model, 'nothing', { resume: true })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });

  it('to go on with what is another training', async () => {
    using model = smallModel();
    const { files } = await run(model, 'course', { epochs: 1 });
    const log = readFileSync(files.metrics);
    for (const options of [{ batchSize: 6 }, { learningRate: 1e-4 }, { seed: 9 }, { shift: 3 }]) {
      await expect(run(model, 'course', { resume: true, ...options })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: Object.keys(options)[0],
      });
    }
    using other = smallModel({ hidden: 13 });
    await expect(run(other, 'course', { resume: true })).rejects.toMatchObject({
      field: 'model',
      message: expect.stringMatching(/is of another training/),
    });
    expect(readFileSync(files.metrics)).toEqual(log);
  });

  it('a loss that is no number, with the checkpoint before it kept', async () => {
    using model = smallModel();
    await expect(
      run(model, 'diverged', { learningRate: 1e30, checkpointEvery: 1 }),
    ).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(
        /at step \d+ \(epoch 1\) .*; no update was made, and the checkpoint after step \d+ is kept/,
      ),
    });
  });
});
