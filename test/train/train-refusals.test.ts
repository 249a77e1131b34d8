import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCorpus, type PreparedCorpus } from '../../lib/data';
import { occupy } from '../../lib/folder-lock';
import { KAN } from '../../lib/nn';
import { type RunFiles, runFiles, type TrainOptions, train } from '../../lib/train';
import { temporaryFolder } from '../nn/temporary-folder';
import { tinyCorpus, tinyEncoders, tinyModel, tinyOptions, weightsOf } from './tiny-training';

const at = temporaryFolder();
let corpus: PreparedCorpus;
let other: PreparedCorpus;
let files: RunFiles;
beforeAll(async () => {
  await tinyCorpus(at('source'), at('corpus'));
  await tinyCorpus(at('source'), at('other-corpus'), 900);
  corpus = await openCorpus(at('corpus'));
  other = await openCorpus(at('other-corpus'));
  using model = tinyModel();
  ({ files } = await train(model, corpus, { folder: at('done'), ...tinyOptions, epochs: 2 }));
});
afterAll(async () => {
  await corpus.close();
  await other.close();
});

/** Every file of a folder, and when it was changed. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    found[name] = `${statSync(path).mtimeMs} ${readFileSync(path).toString('base64')}`;
  }
  return found;
}

describe('train refuses, before anything is touched,', () => {
  it.each<[object, string, RegExp]>([
    [{ epochs: 0 }, 'epochs', /epochs is 0. Expected a whole number from 1/],
    [{ batchSize: 1.5 }, 'batchSize', /batchSize is 1\.5/],
    [{ batchSize: 25 }, 'batchSize', /an update takes 25 recordings .* an epoch has 24/],
    [{ accumulate: 4 }, 'batchSize', /an update takes 32 recordings/],
    [{ learningRate: 0 }, 'learningRate', /learningRate is 0. Expected a finite number above 0/],
    [{ betas: [0.9, 1] }, 'betas.1', /from 0 to below 1/],
    [{ schedule: 'linear' }, 'schedule', /Expected 'constant', 'cosine', 'oneCycle'/],
    [{ stepPer: 'step' }, 'stepPer', /stepPer is "step". Expected 'batch' or 'epoch'/],
    [{ loss: { mels: 0 } }, 'loss.mels', /from 1 to 4096/],
    [{ loss: {} }, 'loss.fftSizes', /FFT size of 2048 needs recordings of 1025 samples or more/],
    [{ lossRamps: { time: { from: 0, to: 1 } } }, 'lossRamps.time.epochs', /above 0/],
    [
      { loss: { mel: 0 }, lossRamps: { mel: { from: 0, to: 1, epochs: 1 } } },
      'loss.fftSizes',
      /FFT size of 2048/,
    ],
    [
      { loss: { mel: 0 }, lossRamps: { time: { from: 0, to: 1, epochs: 2 } } },
      'lossRamps',
      /no weight above 0 in the first or the last epoch/,
    ],
    [{ loss: { course: [{ from: 0.5, mel: 0 }] } }, 'loss.course', /they are for fit/],
    [{ lossRamps: { l1: {} } }, 'lossRamps.l1', /expected time, mel, bandPower/],
    [{ maxGradientNorm: 0 }, 'maxGradientNorm', /above 0/],
    [{ maxUpdate: -1 }, 'maxUpdate', /0 or more/],
    [{ precision: 'float16' }, 'precision', /Expected 'float32' or 'bfloat16'/],
    [{ threads: 0 }, 'threads', /from 1 to 1024/],
    [{ seed: -1 }, 'seed', /seed is -1/],
    [{ augmentation: { phaseMangle: 2 } }, 'augmentation.phaseMangle', /from 0 to 1/],
    [{ checkpointEvery: 0 }, 'checkpointEvery', /from 1/],
    [{ group: {} }, 'group', /Expected a ProcessGroup/],
    [{ onProgress: 'yes' }, 'onProgress', /Expected a function/],
    [{ signal: {} }, 'signal', /Expected an AbortSignal/],
    [{ folder: '' }, 'folder', /Expected the path of a folder/],
    [{ lr: 1e-3 }, 'lr', /lr is 0\.001. There is no such option; expected folder, epochs/],
  ])('%j', async (options, field, message) => {
    using model = tinyModel();
    const before = weightsOf(model);
    const folder = at('refused');
    await expect(
      train(model, corpus, { folder, ...tinyOptions, ...options } as TrainOptions),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      message: expect.stringMatching(message),
    });
    expect(weightsOf(model)).toEqual(before);
    expect(existsSync(folder)).toBe(false);
  });

  it('an encoder that is made for another rate', async () => {
    const encoder = { ...tinyEncoders.whisper, sampleRate: 16_000 };
    using model = tinyModel({ encoder });
    const training = train(model, corpus, { folder: at('refused'), ...tinyOptions });
    await expect(training).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'encoder.sampleRate',
      message: expect.stringMatching(/is 16000, but the corpus is at 8000 Hz/),
    });
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('recordings that are longer than the segments of the corpus', async () => {
    using model = tinyModel({ samples: 1001 });
    const training = train(model, corpus, { folder: at('refused'), ...tinyOptions });
    await expect(training).rejects.toThrow(
      /samples is 1001, but a segment of this corpus has 1000/,
    );
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('what is no model, or no corpus', async () => {
    using kan = new KAN({ layers: [2], encoding: 2, seed: 0 });
    const options = { folder: at('refused'), ...tinyOptions };
    await expect(train(kan as never, corpus, options)).rejects.toThrow(/no FewSound or HyperSound/);
    using model = tinyModel();
    for (const none of [undefined, {}]) {
      await expect(train(model, none as never, options)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'corpus',
        message: expect.stringMatching(/the second argument is no prepared corpus/),
      });
    }
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('a model that is being trained, and one that was disposed of', async () => {
    using model = tinyModel();
    const first = train(model, corpus, { folder: at('busy'), ...tinyOptions });
    const options = { folder: at('busy-too'), ...tinyOptions };
    await expect(train(model, corpus, options)).rejects.toThrow(/is being trained already/);
    await first;
    model.dispose();
    await expect(train(model, corpus, options)).rejects.toMatchObject({ code: 'DISPOSED' });
    expect(existsSync(at('busy-too'))).toBe(false);
  });
});

describe('a folder', () => {
  const refused = async (
    options: Partial<TrainOptions>,
    error: object,
    model = tinyModel(),
    from = corpus,
  ) => {
    const folder = options.folder ?? at('done');
    const before = existsSync(folder) ? contents(folder) : undefined;
    const weights = weightsOf(model);
    await expect(
      train(model, from, { folder, ...tinyOptions, epochs: 2, ...options }),
    ).rejects.toMatchObject(error);
    expect(weightsOf(model)).toEqual(weights);
    expect(existsSync(folder) ? contents(folder) : undefined).toEqual(before);
    model.dispose();
  };

  it('that holds a training is not written over', async () => {
    await refused(
      {},
      {
        code: 'INVALID_ARGUMENT',
        field: 'folder',
        message: expect.stringMatching(/holds a training already \(.*last\.safetensors\). Go on/),
      },
    );
  });

  it('that another process trains in is left alone', async () => {
    using _other = occupy(at('done'), process.ppid);
    const message = expect.stringMatching(/another process \(\d+\) is at work/);
    await refused({ resume: true }, { code: 'IO', message });
  });

  it('of weights of the loss that are on their way has as many epochs', async () => {
    using model = tinyModel();
    const lossRamps = { mel: { from: 0, to: 1, epochs: 4 } };
    const options = {
      ...tinyOptions,
      folder: at('ramp'),
      schedule: 'constant',
      lossRamps,
    } as const;
    await train(model, corpus, { ...options, epochs: 1 });
    await refused(
      { ...options, epochs: 5, resume: true },
      { code: 'INVALID_ARGUMENT', field: 'epochs' },
    );
  });

  it('without a checkpoint is not gone on with', async () => {
    await refused(
      { folder: at('nothing'), resume: true },
      {
        code: 'FILE_NOT_FOUND',
        message: expect.stringMatching(/resume: .*last\.safetensors does not exist/),
      },
    );
  });

  it('of a training without a checkpoint says what to do, asked either way', async () => {
    using model = tinyModel();
    const folder = at('early');
    await expect(
      train(model, corpus, {
        folder,
        ...tinyOptions,
        onProgress: () => {
          throw new Error('gone');
        },
      }),
    ).rejects.toThrow('gone');
    await refused(
      { folder },
      { message: expect.stringMatching(/before its first checkpoint: remove/) },
    );
    await refused(
      { folder, resume: true },
      { message: expect.stringMatching(/Begin it without resume, in an empty folder/) },
    );
  });

  it.each<[string, Partial<TrainOptions>]>([
    ['learningRate', { learningRate: 2e-3 }],
    ['weightDecay', { weightDecay: 0 }],
    ['recordingsPerStep', { batchSize: 4 }],
    ['samplesPerEpoch', { samplesPerEpoch: 25 }],
    ['seed', { seed: 3 }],
    ['schedule', { schedule: 'cosine' }],
    ['loss', { loss: { ...tinyOptions.loss, time: 0.5 } }],
    ['precision', { precision: 'bfloat16' }],
    ['augmentation', { augmentation: { phaseMangle: 0.5 } }],
    ['maxGradientNorm', { maxGradientNorm: 1 }],
    ['maxUpdate', { maxUpdate: 0 }],
  ])('of another %s is not gone on with', async (field, options) => {
    const message = new RegExp(`${field} is .*, not .*Give what it was begun with`);
    await refused(
      { ...options, resume: true },
      { code: 'INVALID_ARGUMENT', field, message: expect.stringMatching(message) },
    );
  });

  it('of another architecture is not gone on with', async () => {
    for (const change of [
      { hidden: [10, 9] },
      { mode: 'residual' },
      { warmupEpochs: 3 },
    ] as const) {
      await refused(
        { resume: true },
        { code: 'INVALID_ARGUMENT', field: 'model' },
        tinyModel(change),
      );
    }
  });

  it('of another corpus is not gone on with', async () => {
    await refused(
      { resume: true },
      { code: 'INVALID_ARGUMENT', field: 'corpus' },
      tinyModel(),
      other,
    );
  });

  it('with a checkpoint that is cut short, or is something else, is not gone on with', async () => {
    const whole = readFileSync(files.last);
    const message = (text: RegExp) => ({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(text),
    });
    try {
      writeFileSync(files.last, whole.subarray(0, -7));
      await refused({ resume: true }, message(/last\.safetensors.*safetensors file/));
      writeFileSync(files.last, readFileSync(files.best));
      await refused(
        { resume: true },
        message(/holds a hypernetwork, no checkpoint of such a training/),
      );
    } finally {
      writeFileSync(files.last, whole);
    }
  });

  it('of defaults that are given by name is gone on with', async () => {
    using model = tinyModel();
    const augmentation = { phaseMangle: 0.8, dequantize: true };
    const options = { ...tinyOptions, epochs: 2, folder: at('done'), resume: true, augmentation };
    const { steps } = await train(model, corpus, options);
    expect(steps).toBe(6);
  });

  it('is cleared of what a killed process left half written', async () => {
    const half = join(files.checkpoints, '.last.safetensors.0123456789ab.tmp');
    writeFileSync(half, 'half');
    using model = tinyModel();
    await train(model, corpus, { folder: at('done'), ...tinyOptions, epochs: 2, resume: true });
    expect(existsSync(half)).toBe(false);
    expect(runFiles(at('done'))).toEqual(files);
  });
});
