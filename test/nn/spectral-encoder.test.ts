import { writeFile } from 'node:fs/promises';
import type { PreparedCorpus } from '../../lib/data';
import {
  type EncoderOptions,
  FewSound,
  HyperSound,
  loadHyperNetwork,
  loadPosteriorgram,
  type SpectralOptions,
} from '../../lib/nn';
import { ops, scope, type Tensor, tensor, writeSafetensors } from '../../lib/tensor';
import { train } from '../../lib/train';
import { openTinyCorpus, tinyModelOptions, tinyOptions } from '../train/tiny-training';
import { temporaryFolder } from './temporary-folder';

// Its numbers: test/golden/spectral.py.
const at = temporaryFolder();

const small = {
  kind: 'spectral',
  hidden: 4,
  lookahead: 2,
  width: 6,
  sampleRate: 8000,
  posteriorgramHidden: 3,
  posteriorgramWindow: 256,
  pitch: false,
} as const satisfies EncoderOptions;

function modelWith(encoder: SpectralOptions, samples = 1000): FewSound {
  return new FewSound({ ...tinyModelOptions, samples, encoder: { ...small, ...encoder } });
}

/** Everything that a file of the model holds. */
function contentOf(model: FewSound): Map<string, number[]> {
  return scope(
    () =>
      new Map(
        [...model.stateDict()].map(([name, value]) => [
          name,
          Array.from(value.detach().contiguous().data() as Float32Array),
        ]),
      ),
  );
}

/** Weights of a posteriorgram as VoiceBlock's checkpoints name them. */
function posteriorgram(hidden: number): Record<string, Tensor> {
  const weights: Record<string, readonly number[]> = {
    'mlp.0.weight': [hidden, 57],
    'mlp.0.bias': [hidden],
    'mlp.2.weight': [hidden, hidden],
    'mlp.2.bias': [hidden],
  };
  for (const layer of [0, 1]) {
    for (const side of ['ih', 'hh']) {
      weights[`lstm.weight_${side}_l${layer}`] = [4 * hidden, hidden];
      weights[`lstm.bias_${side}_l${layer}`] = [4 * hidden];
    }
  }
  return Object.fromEntries(
    Object.entries(weights).map(([name, shape]) => [name, ops.full(shape, 0.25)]),
  );
}

describe('a spectral encoder', () => {
  it('has the 41,489,734 parameters of its layers in the form of the paper', () => {
    using model = new HyperSound({
      target: { kind: 'nerf', layers: [1], encoding: 1 },
      hidden: [1],
      encoder: { kind: 'spectral', posteriorgram: 'frozen' },
    });
    expect(model.parameterCounts().encoder).toBe(41_489_734);
  });

  it('hears the pitch of a recording at its rate', () => {
    using model = modelWith({ pitch: true, sampleRate: 22_050 }, 6000);
    scope(() => {
      const tone = Float32Array.from({ length: 6000 }, (_, i) => {
        const phase = (2 * Math.PI * 180 * i) / 22_050;
        return 0.3 * (Math.sin(phase) + Math.sin(2 * phase) / 2 + Math.sin(3 * phase) / 3);
      });
      const found = model.features(tensor(tone).reshape([1, 6000]));
      const pitch = (found.get('pitch') as Tensor).data() as Float32Array;
      expect(Math.abs((pitch[8] as number) / 180 - 1)).toBeLessThan(2e-3);
      expect([...found.keys()].sort()).toEqual([
        'aperiodicity',
        'cepstra',
        'encoded',
        'loudness',
        'pitch',
        'posteriorgram',
        'spectrogram',
      ]);
    });
  });

  it('refuses recordings without room for its frames, naming how many samples it needs', () => {
    expect(() => modelWith({ pitch: true }, 1000)).toThrow(/2048 or more/);
    expect(() => modelWith({}, 200)).toThrow(/512 or more/);
  });

  it('takes the weights of a posteriorgram, and a file of another size changes nothing', async () => {
    const [good, wide, torn] = ['good', 'wide', 'torn'].map((name) => at(`${name}.safetensors`));
    await scope(() => writeSafetensors(good as string, posteriorgram(3)));
    await scope(() => writeSafetensors(wide as string, posteriorgram(5)));
    await writeFile(torn as string, 'no weights');
    using model = modelWith({ posteriorgram: 'frozen' });
    const before = contentOf(model);
    for (const path of [wide, torn]) {
      await expect(loadPosteriorgram(model, path as string)).rejects.toMatchObject({
        code: 'FILE_FORMAT',
      });
    }
    await expect(loadPosteriorgram(model, at('none.pt'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    expect(contentOf(model)).toEqual(before);
    await loadPosteriorgram(model, good as string);
    expect(contentOf(model).get('encoder.posteriorgram.lstm.bias_hh_l1')).toEqual(
      Array(12).fill(0.25),
    );
    using without = modelWith({ posteriorgram: 'none' });
    await expect(loadPosteriorgram(without, good as string)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'model',
    });
  });

  describe('in a training', () => {
    let corpus: PreparedCorpus;
    beforeAll(async () => {
      corpus = await openTinyCorpus(at('.'));
    });
    afterAll(() => corpus.close());

    const run = (model: FewSound, name: string, more = {}) =>
      train(model, corpus, { ...tinyOptions, folder: at(name), ...more });

    it('goes on to the bit after a stop, running statistics included', async () => {
      using whole = modelWith({});
      await run(whole, 'whole');
      const stop = new AbortController();
      using stopped = modelWith({});
      await run(stopped, 'stopped', {
        signal: stop.signal,
        onProgress: ({ step }: { step: number }) => step >= 4 && stop.abort(),
      }).catch(() => undefined);
      using resumed = modelWith({});
      const { files } = await run(resumed, 'stopped', { resume: true });
      expect(contentOf(resumed)).toEqual(contentOf(whole));
      const mean = contentOf(whole).get('encoder.joinedNorm.running_mean') as number[];
      expect(mean.some((value) => value !== 0)).toBe(true);
      using best = await loadHyperNetwork(files.best);
      expect([...best.stateDict().keys()]).toEqual([...whole.stateDict().keys()]);
    });

    it('learns in bfloat16 as well', async () => {
      using model = modelWith({});
      const { loss } = await run(model, 'half', { precision: 'bfloat16', epochs: 1 });
      expect(Number.isFinite(loss)).toBe(true);
    });

    it('must have been told the rate of the corpus, and a frozen posteriorgram has weights', async () => {
      using other = modelWith({ sampleRate: 16_000 });
      await expect(run(other, 'other')).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'encoder.sampleRate',
      });
      using empty = modelWith({ posteriorgram: 'frozen' });
      await expect(run(empty, 'empty')).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'encoder.posteriorgram',
      });
    });
  });
});
