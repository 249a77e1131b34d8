import { join } from 'node:path';
import { HyperSound, loadPosteriorgram, type SpectralOptions } from '../../lib/nn/index.js';
import { ops, scope, type Tensor } from '../../lib/tensor/index.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult, NamedValues } from './result.js';
import { type Change, judge } from './rounding.js';
import type { RealDType } from './tolerance.js';

/** The name of a tensor of VoiceBlock's encoder in ours; undefined for what is computed here. */
function ownName(name: string): string | undefined {
  if (/^gru\./.test(name)) return `encoder.${name}`;
  const posteriorgram = /^ppg_encoder\.((lstm|mlp)\..*)$/.exec(name)?.[1];
  if (posteriorgram !== undefined) return `encoder.posteriorgram.${posteriorgram}`;
  const [, part = '', index = '', role = ''] =
    /^(glu|conv|mlp\.mlp|encoder_proj)\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (role === '' || role.endsWith('num_batches_tracked')) return undefined;
  const place = Number(index);
  const rest = role.replace(/^bn\./, '');
  if (part === 'glu') return `encoder.gate.${rest}`;
  // Padding, convolution, norm, ReLU.
  if (part === 'conv') {
    return `encoder.${place % 4 === 1 ? 'conv' : 'norm'}${Math.floor(place / 4)}.${rest}`;
  }
  // Linear, norm, LeakyReLU.
  if (part === 'mlp.mlp') {
    return `encoder.dense${place % 3 === 1 ? 'Norm' : ''}${Math.floor(place / 3)}.${rest}`;
  }
  return `encoder.joined${place === 0 ? 'Norm' : ''}.${rest}`;
}

/** What the encoder shows, by its names in golden files. */
const shown: Readonly<Record<string, string>> = {
  spectrogram_db: 'spectrogram',
  encoded: 'encoded',
  mfcc: 'cepstra',
  ppg: 'posteriorgram',
  loudness: 'loudness',
  pitch: 'pitch',
  periodicity: 'aperiodicity',
};

/** Golden files have these with the frames last. */
const framesLast = ['spectrogram_db', 'mfcc'];

function modelOf(golden: GoldenFile, dtype: RealDType, encoder: SpectralOptions): HyperSound {
  return new HyperSound({
    target: { kind: 'nerf', layers: [1], encoding: 1 },
    hidden: [1],
    samples: golden.tensor('x').shape[1] as number,
    // As the authors have it.
    encoder: { kind: 'spectral', sampleRate: 16_000, loudnessInDecibels: false, ...encoder },
    seed: 0,
    dtype,
    device: golden.device,
  });
}

function features(model: HyperSound, audio: Tensor): [string, ArrayLike<number>][] {
  const found = model.features(audio);
  return Object.entries(shown).map(([name, own]) => {
    const tensor = found.get(own) as Tensor;
    const turned = framesLast.includes(name) ? tensor.transpose(1, 2) : tensor;
    return [name, numbers(turned).slice()];
  });
}

/** The encoder alone: what it hears, codes and the gradients of all that is trained. */
export async function checkSpectralEncoder(golden: GoldenFile): Promise<CheckResult> {
  const x = golden.tensor('x');
  const whole = (name: string) => Number(golden.need<string | number>(name));
  const evaluate = (dtype: RealDType, change: Change): NamedValues =>
    scope(() => {
      using model = modelOf(golden, dtype, {
        hidden: whole('hidden'),
        width: whole('gru'),
        posteriorgram: 'frozen',
        posteriorgramHidden: whole('ppg_hidden'),
      });
      const state = model.stateDict();
      const leaves = new Map<string, Tensor>();
      for (const [name, tensor] of golden.group('param')) {
        const key = ownName(name);
        if (key === undefined) continue;
        const leaf = state.get(key);
        if (leaf === undefined) throw new Error(`no tensor "${key}" (${name})`);
        leaves.set(name, leaf);
        state.set(key, change(tensor.to({ dtype })));
      }
      model.loadStateDict(state);
      const audio = x.to({ dtype });
      const out = model.codes(audio);
      ops.mul(out, golden.tensor('w').to({ dtype })).sum().backward();
      const results = new Map<string, ArrayLike<number>>(features(model, audio));
      results.set('out', numbers(out).slice());
      for (const [name] of golden.group('grad')) {
        const leaf = leaves.get(name) as Tensor;
        results.set(`grad.${name}`, numbers(leaf.grad as Tensor).slice());
      }
      return results;
    });
  const isResult = (name: string) => name in shown || /^(out$|grad\.)/.test(name);
  return judge({ golden, dtype: x.dtype as RealDType, evaluate, isResult });
}

/** The posteriorgram alone, with the weights of a checkpoint beside the golden files. */
export async function checkPosteriorgram(golden: GoldenFile): Promise<CheckResult> {
  const x = golden.tensor('x');
  const weights = join(golden.folder, golden.need<string>('weights'));
  const evaluate = async (dtype: RealDType): Promise<NamedValues> => {
    using model = modelOf(golden, dtype, {
      hidden: 1,
      width: 1,
      posteriorgram: 'frozen',
      posteriorgramHidden: golden.tensor('out').shape[2] as number,
      posteriorgramWindow: 256,
    });
    await loadPosteriorgram(model, weights);
    return scope(() => {
      const found = model.features(x.to({ dtype }));
      const copy = (name: string) => numbers(found.get(name) as Tensor).slice();
      // Its numbers lie frame by frame, though its shape says otherwise.
      return new Map([
        ['mfcc', copy('cepstra')],
        ['out', copy('posteriorgram')],
      ]);
    });
  };
  const isResult = (name: string) => name === 'mfcc' || name === 'out';
  return judge({ golden, dtype: x.dtype as RealDType, evaluate, isResult });
}
