import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  classifierKinds,
  IncTssdnet,
  load,
  loadClassifier,
  loadHyperNetwork,
  MultiResolutionCnn,
  type WaveformClassifier,
} from '../../lib/nn';
import {
  readSafetensors,
  readTorchFile,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
} from '../../lib/tensor';
import { smallClassifier, smallSounds, stateOf } from './small-classifiers';
import { smallNetwork } from './small-networks';
import { temporaryFolder } from './temporary-folder';

const at = temporaryFolder();
const published = join(__dirname, 'classifier-weights', 'small_cnn.pth');
const torchFiles = join(__dirname, '..', 'tensor', 'torch-files');

/** The model of classifier-weights/make.py. */
const publishedModel = (classes = 3) =>
  new MultiResolutionCnn({
    classes,
    samples: 400,
    layers: [
      { kernels: [10, 15, 8], filters: 3, stride: 5, pooling: 2 },
      { kernels: [3, 6], filters: 4, pooling: 3 },
    ],
    hidden: 6,
    dropout: 0,
    seed: 0,
  });

function expectClose(found: Tensor, expected: Tensor | undefined) {
  const [ours, theirs] = [found.data(), (expected as Tensor).contiguous().data()];
  expect(ours).toHaveLength(theirs.length);
  for (const [i, value] of (ours as Float32Array).entries()) {
    expect(value).toBeCloseTo(theirs[i] as number, 5);
  }
}

describe('a saved classifier', () => {
  it.each(classifierKinds)('is loaded bit for bit: %s', async (kind) => {
    const path = at(`${kind}.safetensors`);
    using model = smallClassifier(kind);
    using audio = smallSounds(2);
    model.forwardTraining(audio, { seed: 1 }).dispose();
    const listening = { sampleRate: 400, normalize: false, place: 'start' } as const;
    model.input = { ...listening, labels: ['a', 'b', 'ü'] };
    await model.save(path);
    using loaded = await loadClassifier(path);
    expect([loaded.kind, loaded.options, loaded.input]).toEqual([kind, model.options, model.input]);
    expect(stateOf(loaded)).toEqual(stateOf(model));
  });

  it('says at which rate it hears, where analyses of any model look', async () => {
    using model = smallClassifier('segmental-cnn');
    model.input = {
      sampleRate: 8000,
      normalize: true,
      place: 'center',
      labels: ['a', 'b', 'c'],
    };
    await model.save(at('rate.safetensors'));
    await scope(async () => {
      const { metadata } = await readSafetensors(at('rate.safetensors'));
      expect(JSON.parse(metadata.model as string)).toMatchObject({ sampleRate: 8000 });
    });
  });

  it('is loaded by load, and is no hypernetwork; a network is no classifier', async () => {
    using model = smallClassifier('sub-segmental-cnn');
    await model.save(at('kinds.safetensors'));
    using loaded = await load(at('kinds.safetensors'));
    expect(loaded.kind).toBe('sub-segmental-cnn');
    await expect(loadHyperNetwork(at('kinds.safetensors'))).rejects.toThrow(
      /not a model that writes networks; read it with load/,
    );
    using network = smallNetwork('kan');
    await network.save(at('kan.safetensors'));
    await expect(loadClassifier(at('kan.safetensors'))).rejects.toThrow(
      /not a classifier of waveforms; read it with load/,
    );
  });

  it('that lies about itself is refused', async () => {
    using model = smallClassifier('segmental-cnn');
    await model.save(at('honest.safetensors'));
    await scope(async () => {
      const { tensors, metadata } = await readSafetensors(at('honest.safetensors'));
      const { kind, options } = JSON.parse(metadata.model as string);
      const lies: [object, RegExp][] = [
        [{ kind, options: { ...options, hidden: 60_000 } }, /describe a larger model/],
        [{ kind, options: { ...options, classes: 65_000 } }, /describe a larger model/],
        [{ kind, options: { ...options, hidden: 5 } }, /but its state: "dense.weight" has shape/],
        [{ kind: 'res-tssdnet', options: {} }, /describe a larger model/],
        [{ kind: 'vgg', options }, /kind "vgg"/],
        [{ kind, options: { ...options, dropout: 2 } }, /dropout is 2/],
        [{ kind, options, listening: { labels: [] } }, /does not fit together: input/],
        [{ kind }, /describe a larger model/],
      ];
      for (const [lie, message] of lies) {
        const changed = { ...metadata, model: JSON.stringify(lie) };
        await writeSafetensors(at('lie.safetensors'), tensors, changed);
        await expect(loadClassifier(at('lie.safetensors'))).rejects.toMatchObject({
          code: 'FILE_FORMAT',
          message: expect.stringMatching(message),
        });
      }
    });
    copyFileSync(at('honest.safetensors'), at('short.safetensors'));
    truncateSync(at('short.safetensors'), 2000);
    await expect(loadClassifier(at('short.safetensors'))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
    });
  });
});

describe('weights of another program', () => {
  it('are taken from a .pth, and give what PyTorch computes from them', async () => {
    using model = publishedModel();
    await model.loadWeights(published);
    await scope(async () => {
      const { tensors } = await readTorchFile(published);
      const x = tensors.get('x') as Tensor;
      expectClose(model.forward(x), tensors.get('logits'));
      expectClose(model.forwardTraining(x, { seed: 0 }), tensors.get('learning_logits'));
    });
  });

  it('are taken from safetensors, at the top or below a key', async () => {
    using model = publishedModel();
    await model.loadWeights(published);
    for (const prefix of ['', 'module.']) {
      const path = at(`weights-${prefix}.safetensors`);
      await scope(() =>
        writeSafetensors(
          path,
          new Map([
            ...[...model.stateDict()].map(([name, value]) => [prefix + name, value] as const),
            [`${prefix}layers.0.norm.num_batches_tracked`, tensor([3])] as const,
          ]),
        ),
      );
      using other = publishedModel();
      await other.loadWeights(path);
      expect(stateOf(other)).toEqual(stateOf(model));
    }
  });

  it.each<[string, () => string, WaveformClassifier['kind'] | 'three' | 'two', RegExp]>([
    [
      'of another architecture',
      () => published,
      'inc-tssdnet',
      /it lacks "conv1\.weight", the first tensor of a inc-tssdnet/,
    ],
    [
      'of other classes',
      () => published,
      'two',
      /are not those of a multi-resolution-cnn model of 2 classes/,
    ],
    ['that are cut short', () => cut(3000), 'three', /cut\.pth/],
    ['that are none', () => cut(0), 'three', /cut\.pth/],
    [
      'that ask for a command to be run',
      () => join(torchFiles, 'malicious_reduce.pth'),
      'three',
      /(posix|os)\.system|system/,
    ],
    [
      'that make an object',
      () => join(torchFiles, 'malicious_newobj.pth'),
      'three',
      /malicious_newobj\.pth: cannot read this PyTorch file/,
    ],
  ])('%s are refused, and nothing changes', async (_, path, kind, message) => {
    using model =
      kind === 'inc-tssdnet' ? new IncTssdnet({ seed: 0 }) : publishedModel(kind === 'two' ? 2 : 3);
    const before = stateOf(model);
    await expect(model.loadWeights(path())).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(message),
    });
    expect(stateOf(model)).toEqual(before);
    expect(existsSync('fewsound-was-here')).toBe(false);
  });

  it('that are not there are said to be not there', async () => {
    using model = publishedModel();
    await expect(model.loadWeights(at('nowhere.pth'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });
});

function cut(bytes: number): string {
  const path = at('cut.pth');
  writeFileSync(path, readFileSync(published).subarray(0, bytes));
  return path;
}

const tssdnet = join(__dirname, '..', '..', '..', 'shared', 'data', 'tssdnet');
(existsSync(tssdnet) ? describe : describe.skip)(
  'the published Inc-TSSDNet (skipped without ../shared)',
  () => {
    it('is read from its .pth as from its safetensors', async () => {
      using one = new IncTssdnet();
      using other = new IncTssdnet();
      await one.loadWeights(join(tssdnet, 'inc_tssdnet.pth'));
      await other.loadWeights(join(tssdnet, 'inc_tssdnet.safetensors'));
      expect(stateOf(one)).toEqual(stateOf(other));
    });
  },
);
