import {
  type EncoderOptions,
  FewSound,
  type HyperNetwork,
  HyperSound,
  type TargetOptions,
} from '../../lib/nn/index.js';
import { ops, scope, type Tensor } from '../../lib/tensor/index.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult, NamedValues } from './result.js';
import { type Change, judge } from './rounding.js';
import type { RealDType } from './tolerance.js';

/** The name of a tensor of the authors' encoder in ours. */
function encoderName(name: string): string {
  const [, index = '', inside = '', role = ''] =
    /^net\.(\d+)\.(?:layers\.(\S+)\.)?(weight|bias)$/.exec(name) ?? [];
  // net: a convolution, its norm, ELU, then the blocks and the last convolution.
  if (inside === '') {
    const outer: Record<string, string> = { 0: 'first.conv', 1: 'first.norm' };
    return `${outer[index] ?? 'last.conv'}.${role}`;
  }
  const block = `blocks.${Number(index) - 3}`;
  const [, unit, layer = ''] = /^(\d)\.layers\.(\d)$/.exec(inside) ?? [];
  if (unit === undefined) return `${block}.down.${inside === '3' ? 'conv' : 'norm'}.${role}`;
  // Of a unit: a convolution, its norm, ELU, twice.
  const stages = ['dilated.conv', 'dilated.norm', '', 'pointwise.conv', 'pointwise.norm'];
  return `${block}.units.${unit}.${stages[Number(layer)]}.${role}`;
}

/** The name of a tensor of the authors' model in ours. */
function modelName(name: string): string {
  if (name === 'global_weights') return 'universal.theta';
  const [, part = '', rest = ''] = /^(encoder|hyper|globals)\.(.*)$/.exec(name) ?? [];
  if (part === 'encoder') return `encoder.${encoderName(rest)}`;
  const [, index = '', role = ''] = /^(?:net\.)?(\d+)\.(weight|bias)$/.exec(rest) ?? [];
  if (part === 'hyper') return `writer.layers.${index}.${role}`;
  return Number(index) === 4
    ? `universal.linear.${role}`
    : `universal.conv${Number(index) / 2}.${role}`;
}

/** Copies the golden values into the model and gives those that learn back, by their golden names. */
function fill(
  model: HyperNetwork,
  golden: GoldenFile,
  ownName: (name: string) => string,
  dtype: RealDType,
  change: Change,
  groups: readonly ('param' | 'fixed')[] = ['param'],
): Map<string, Tensor> {
  const own = model.stateDict();
  const state = new Map(own);
  const leaves = new Map<string, Tensor>();
  for (const group of groups) {
    for (const [name, tensor] of golden.group(group)) {
      const key = ownName(name);
      const leaf = own.get(key);
      if (leaf === undefined)
        throw new Error(`a ${model.kind} model has no tensor "${key}" (${name})`);
      state.set(key, change(tensor.to({ dtype })));
      if (group === 'param') leaves.set(name, leaf);
    }
  }
  model.loadStateDict(state);
  return leaves;
}

/** Options of the encoder of a golden file. */
function soundStreamOptions(settings: { C: number; D: number; layer_norm: boolean }) {
  return { channels: settings.C, dimension: settings.D, layerNorm: settings.layer_norm };
}

/** An encoder of golden files: its options, and what its tensors are called in ours. */
interface GoldenEncoder {
  options(golden: GoldenFile): EncoderOptions;
  ownName(golden: GoldenFile): (name: string) => string;
}

const soundStream: GoldenEncoder = {
  options: (golden) => ({
    ...soundStreamOptions({
      C: golden.need('C'),
      D: golden.need('D'),
      layer_norm: golden.need('layer_norm'),
    }),
    strides: golden.need('strides'),
  }),
  ownName: () => encoderName,
};

/** The convolutional body of SNAC, and what follows it where the file has a width of the code. */
const snac: GoldenEncoder = {
  options: (golden) => ({
    kind: 'snac',
    channels: golden.need('d_model'),
    strides: golden.need('strides'),
    window: golden.setting('attn_window') ?? 0,
    headWidth: golden.setting('dim_head') ?? 64,
    width: golden.setting('width') ?? 0,
  }),
  ownName: (golden) => (name) => {
    const blocks = golden.need<number[]>('strides').length;
    const [, index = '', rest = ''] = /^(\d+)\.(.*)$/.exec(name) ?? [];
    if (index === '') return name;
    if (index === '0') return `first.${rest}`;
    if (Number(index) > blocks) {
      const [, role = ''] = /^(?:to_)?(\w+\.\w+)$/.exec(rest) ?? [];
      return role === '' ? `last.${rest}` : `attention.${role}`;
    }
    // Of a block: three units, an activation, a convolution; of a unit: those two twice.
    const [, unit, layer = '', role = ''] =
      /^block\.(?:(\d)\.block\.)?(\d)\.(\w+)$/.exec(rest) ?? [];
    const stage = Number(layer) < 2 ? 'dilated' : 'pointwise';
    const own = unit === undefined ? 'down' : `units.${unit}.${stage}`;
    return `blocks.${Number(index) - 1}.${own}.${role}`;
  },
};

/** Whisper's encoder with what follows it, in our own names. */
const whisper: GoldenEncoder = {
  options: (golden) => golden.need('encoder'),
  ownName: () => (name) => name,
};

/** An encoder alone: codes, and every gradient of their products with `w` where the file has it. */
function checkEncoder({ options, ownName }: GoldenEncoder) {
  return async (golden: GoldenFile): Promise<CheckResult> => {
    const x = golden.tensor('x');
    const evaluate = (dtype: RealDType, change: Change): NamedValues =>
      scope(() => {
        using model = new HyperSound({
          target: { kind: 'nerf', layers: [1], encoding: 1 },
          hidden: [1],
          samples: x.shape[1] as number,
          encoder: options(golden),
          seed: 0,
          dtype,
          device: golden.device,
        });
        const own = ownName(golden);
        const leaves = fill(model, golden, (name) => `encoder.${own(name)}`, dtype, change, [
          'param',
          'fixed',
        ]);
        const audio = x.to({ dtype }).clone();
        audio.requiresGrad = true;
        const out = model.codes(audio);
        const results = new Map([['out', numbers(out).slice()]]);
        if (!golden.has('w')) return results;
        ops.mul(out, golden.tensor('w').to({ dtype })).sum().backward();
        for (const [name, leaf] of [...leaves, ['x', audio] as const]) {
          results.set(`grad.${name}`, numbers(leaf.grad as Tensor).slice());
        }
        return results;
      });
    const isResult = (name: string) => /^(out$|grad\.)/.test(name);
    return judge({ golden, dtype: x.dtype as RealDType, evaluate, isResult });
  };
}

export const checkSoundStream = checkEncoder(soundStream);
export const checkSnac = checkEncoder(snac);
export const checkWhisper = checkEncoder(whisper);

/**
 * The whole model for one kind of target: codes, reconstructions, L1 loss and every gradient, at
 * two factors.
 */
export function checkFewSound(kind: 'kan' | 'nerf' | 'siren') {
  return async (golden: GoldenFile): Promise<CheckResult> => {
    const audio = golden.tensor('audio');
    const setting = <T>(name: string) => golden.setting<T>(name) as T;
    const target: TargetOptions = {
      kan: {
        kind: 'kan',
        layers: setting<number[]>('hidden'),
        encoding: setting<number>('encoding'),
        grid: setting<number>('grid'),
        order: setting<number>('order'),
      } as const,
      nerf: {
        kind: 'nerf',
        layers: setting<number[]>('hidden'),
        encoding: setting<number>('encoding'),
      } as const,
      siren: {
        kind: 'siren',
        layers: setting<number[]>('hidden'),
        ...(kind === 'siren' && {
          omega0: golden.tensor('fixed.o0').item(),
          omega: golden.tensor('fixed.o1').item(),
        }),
      } as const,
    }[kind];
    const evaluate = (dtype: RealDType, change: Change): NamedValues =>
      scope(() => {
        using model = new FewSound({
          target,
          samples: audio.shape[1] as number,
          encoder: {
            ...soundStreamOptions(setting('encoder')),
            ...(golden.setting('strides') !== undefined && {
              strides: setting<number[]>('strides'),
            }),
          },
          hidden: setting<number[]>('hyper_layers'),
          universalKernel: setting<number>('global_kernel'),
          universalConvolutions: setting<number>('global_layers'),
          seed: 0,
          dtype,
          device: golden.device,
        });
        const leaves = fill(model, golden, modelName, dtype, change);
        const sound = audio.to({ dtype });
        const t = golden.tensor('t').to({ dtype }).unsqueeze(1);
        const results = new Map([['z', numbers(model.codes(sound)).slice()]]);
        for (const epoch of [50, 25]) {
          for (const leaf of leaves.values()) leaf.zeroGrad();
          const out = model.forward(sound, t, { factor: model.factorAt(epoch) });
          const loss = ops.l1Loss(out, sound);
          loss.backward();
          results.set(`out.epoch${epoch}`, numbers(out).slice());
          results.set(`l1.epoch${epoch}`, numbers(loss).slice());
          for (const [name, leaf] of leaves) {
            results.set(`grad.epoch${epoch}.${name}`, numbers(leaf.grad as Tensor).slice());
          }
        }
        return results;
      });
    const isResult = (name: string) => /^(z$|out\.|l1\.|grad\.)/.test(name);
    return judge({ golden, dtype: audio.dtype as RealDType, evaluate, isResult });
  };
}
