import { createClip } from '../../lib/audio';
import type { PreparedCorpus } from '../../lib/data';
import type { FewSound, Inr } from '../../lib/nn';
import { noGrad, type Tensor } from '../../lib/tensor';
import { fit, fitAll, readMetricsLog, type TrainingWarning, train } from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { glide, quickLoss } from './glide';
import { openTinyCorpus, tinyModel, tinyOptions } from './tiny-training';

const clip = glide(400);
const options = { steps: 3, learningRate: 1e-3, loss: quickLoss };

/** A NeRF whose first layer no input can switch on. */
function deadNetwork(): Inr {
  const network = smallNetwork('nerf');
  noGrad(() => (network.parameters().get('layers.0.bias') as Tensor).fill_(-1e3));
  return network;
}

/** The codes of the process's warnings while some work is done. */
async function processWarnings(work: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation((_, options) => {
    heard.push(String((options as { code?: string }).code));
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return heard;
}

describe('a network whose output is constant', () => {
  it('is told of once in a fit', async () => {
    using network = deadNetwork();
    const warnings: TrainingWarning[] = [];
    await fit(network, clip, { ...options, onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([
      {
        code: 'CONSTANT_OUTPUT',
        // Of the first report that comes through.
        step: expect.any(Number),
        message: expect.stringContaining('learning rate'),
      },
    ]);
  });

  it('is told of in a warning of the process where nobody listens', async () => {
    using network = deadNetwork();
    expect(await processWarnings(() => fit(network, clip, options))).toEqual(['CONSTANT_OUTPUT']);
  });

  it('is told of with its clip in fitAll', async () => {
    const warnings: TrainingWarning[] = [];
    const fitted = await fitAll([clip, clip, clip], {
      ...options,
      network: (index) => (index === 1 ? deadNetwork() : smallNetwork('nerf')),
      onWarning: (warning) => warnings.push(warning),
    });
    for (const { network } of fitted) network.dispose();
    expect(warnings).toMatchObject([{ code: 'CONSTANT_OUTPUT', clip: 1 }]);
  });

  it('is nothing to tell of where it only begins so', async () => {
    using network = smallNetwork('nerf');
    const last = [...network.parameters().keys()].filter((name) => name.endsWith('weight')).at(-1);
    noGrad(() => (network.parameters().get(last as string) as Tensor).fill_(0));
    expect(await processWarnings(() => fit(network, clip, options))).toEqual([]);
  });

  it('is nothing to tell of where the clip is constant too, or the network is alive', async () => {
    using dead = deadNetwork();
    using alive = smallNetwork('nerf');
    const silence = createClip(new Float32Array(400), 8000);
    const heard = await processWarnings(async () => {
      await fit(dead, silence, options);
      await fit(alive, clip, options);
    });
    expect(heard).toEqual([]);
  });

  it('ends the fit by an error of onWarning, and leaves the network free', async () => {
    using network = deadNetwork();
    const mine = new Error('mine');
    const onWarning = () => {
      throw mine;
    };
    await expect(fit(network, clip, { ...options, onWarning })).rejects.toBe(mine);
    await fit(network, clip, { ...options, onWarning: () => {} });
  });
});

describe('a model that writes constant networks', () => {
  const at = temporaryFolder();
  let corpus: PreparedCorpus;
  beforeAll(async () => {
    corpus = await openTinyCorpus(at('.'));
  });
  afterAll(() => corpus.close());

  /**
   * The hypernetwork writes biases into the target's first layer with which no input switches it
   * on.
   */
  function deadModel(): FewSound {
    const model = tinyModel();
    const { offset, shape } = firstBiases(model);
    const last = `writer.layers.${model.options.hidden.length}.bias`;
    const biases = model.parameters().get(last) as Tensor;
    noGrad(() => biases.narrow(0, offset, shape[0] as number).fill_(-1e3));
    return model;
  }

  function firstBiases(model: FewSound): { offset: number; shape: readonly number[] } {
    let offset = 0;
    for (const { name, shape } of model.writtenLayout()) {
      if (name === 'layers.0.bias') return { offset, shape };
      offset += shape.reduce((size, extent) => size * extent, 1);
    }
    throw new Error('the target has no first biases');
  }

  it('is told of at the first validation, and in the log, and not again', async () => {
    using model = deadModel();
    const warnings: TrainingWarning[] = [];
    const { files } = await train(model, corpus, {
      ...tinyOptions,
      folder: at('dead'),
      onWarning: (warning) => warnings.push(warning),
    });
    const told = {
      code: 'CONSTANT_OUTPUT',
      step: 3,
      message: expect.stringMatching(/6 of 6 .*learningRate/),
    };
    expect(warnings).toEqual([told]);
    const log = await readMetricsLog(files.metrics);
    expect(log.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', epoch: 1, ...told, seconds: expect.any(Number) },
    ]);
    expect(log.filter(({ kind }) => kind === 'validation')).toHaveLength(3);
  });

  it('is told of again by a training that goes on, and stands once in the log', async () => {
    const folder = at('resumed');
    const signals = new AbortController();
    using model = deadModel();
    const training = train(model, corpus, {
      ...tinyOptions,
      folder,
      signal: signals.signal,
      onWarning: () => signals.abort(),
    });
    await expect(training).rejects.toMatchObject({ code: 'ABORTED' });
    const warnings: TrainingWarning[] = [];
    const { files } = await train(model, corpus, {
      ...tinyOptions,
      folder,
      resume: true,
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings.length).toBeGreaterThan(0);
    const log = await readMetricsLog(files.metrics);
    const steps = log.filter(({ kind }) => kind === 'warning').map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)]);
  });

  it('is nothing that a living model is', async () => {
    using model = tinyModel();
    const folder = at('alive');
    const heard = await processWarnings(() => train(model, corpus, { ...tinyOptions, folder }));
    expect(heard).not.toContain('CONSTANT_OUTPUT');
  });
});
