import { createInr, type Inr, type InrKind } from '../../lib/nn/index.js';
import { type DType, noGrad, type Tensor } from '../../lib/tensor/index.js';
import type { GoldenFile } from './golden-file.js';

// Golden files name the tensors of a network as the authors' programs do. Here is the dictionary.

/** The name of a golden tensor in our networks. */
export function ownName(kind: InrKind, name: string): string {
  const [, letters = '', index = '', part = ''] = /^([a-z]+)\.?(\d*)\.?([a-z]*)$/.exec(name) ?? [];
  if (name === 'freq') return 'encoding.frequencies';
  if (name === 'encoding.b') return 'encoding.projection';
  // WIRE's layers are numbered together with the activations between them.
  if (letters === 'net') return `layers.${Number(index) / 2}.${part}`;
  const roles: Readonly<Record<string, string>> =
    kind === 'kan'
      ? { bw: 'base', sw: 'coefficients', ss: 'scale' }
      : { w: 'weight', b: 'bias', o: 'omega' };
  const role = roles[letters];
  if (role === undefined) throw new Error(`no tensor of a ${kind} network is called "${name}"`);
  return `layers.${index}.${role}`;
}

/** The hidden widths, read off the shapes of the tensors. */
function layersOf(kind: InrKind, state: ReadonlyMap<string, Tensor>): number[] {
  const role = kind === 'kan' ? 'base' : 'weight';
  const widths: number[] = [];
  for (let i = 0; ; i++) {
    const weight = state.get(`layers.${i}.${role}`);
    if (weight === undefined) return widths.slice(0, -1);
    // A set of weights per sample has a leading [batch]; complex weights end in [2].
    widths.push(weight.shape.at(kind === 'wire' && i > 0 ? -3 : -2) as number);
  }
}

/**
 * Options of the network of a golden file: from its settings, from the shapes of its tensors, and, where
 * neither says, the values that the recorded programs had.
 */
function optionsOf(kind: InrKind, golden: GoldenFile, state: ReadonlyMap<string, Tensor>): object {
  const given = <T>(name: string, recorded: T) => golden.setting<T>(name) ?? recorded;
  const layers = layersOf(kind, state);
  switch (kind) {
    case 'kan': {
      const coefficients = state.get('layers.0.coefficients') as Tensor;
      const [inputs, bases] = coefficients.shape.slice(-2) as [number, number];
      const order = given('order', 2);
      return {
        layers,
        order,
        grid: given('grid', bases - order),
        encoding: inputs / 2,
        scaleSpline: state.has('layers.0.scale'),
      };
    }
    case 'nerf':
      return {
        layers,
        encoding: ((state.get('layers.0.weight') as Tensor).shape[1] as number) / 2,
      };
    case 'rff':
      return { layers, frequencies: (state.get('encoding.projection') as Tensor).shape[0] };
    case 'wire':
      return {
        layers,
        omega0: given('omega0', 10),
        omega: given('omega', 10),
        scale: given('scale', 10),
      };
    case 'siren':
    case 'finer':
      return { layers, omega0: given('omega0', 30), omega: given('omega', 30) };
    default:
      return { layers };
  }
}

/**
 * A network with the tensors of a golden file, in a dtype that may be wider than the file's. What the
 * file does not have (weights that are given per sample) stays as it was made.
 */
export function goldenNetwork(
  kind: InrKind,
  golden: GoldenFile,
  tensors: ReadonlyMap<string, Tensor>,
  dtype: 'float32' | 'float64',
): Inr {
  const state = new Map([...tensors].map(([name, tensor]) => [ownName(kind, name), tensor]));
  const network = createInr(kind, {
    ...optionsOf(kind, golden, state),
    dtype,
    device: golden.device,
    seed: 0,
  });
  const own = network.stateDict();
  noGrad(() => {
    for (const [name, tensor] of state) {
      const target = own.get(name);
      if (target === undefined) throw new Error(`a ${kind} network has no tensor "${name}"`);
      const perSample = target.rank < tensor.rank && !isComplex(target.dtype);
      if (perSample) continue;
      const wide = tensor.to({ dtype });
      target.copy_(isComplex(target.dtype) ? wide.viewAsComplex() : wide);
    }
  });
  return network;
}

function isComplex(dtype: DType): boolean {
  return dtype.startsWith('complex');
}
