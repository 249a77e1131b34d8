import fc from 'fast-check';
import { addon } from '../../lib/addon/addon';
import { KAN } from '../../lib/nn';
import {
  Generator,
  gradients,
  noGrad,
  ops,
  setThreads,
  type Tensor,
  threads,
} from '../../lib/tensor';

/** A KAN and what it is given. */
export interface KanCase {
  encoding: number;
  layers: number[];
  grid: number;
  order: number;
  gridRange: [number, number];
  scaleSpline: boolean;
  initNoise: number;
  baseActivation: 'silu' | 'tanh';
  samples: number;
  /** Sets of given weights; 0: the network's own. */
  sets: number;
  /**
   * How t is laid out: one for all, one for each set of weights, or two with the network's own
   * weights.
   */
  times: 'shared' | 'batched';
  /** Whether t and the given weights are views with gaps and swapped dimensions. */
  strided: boolean;
  seed: number;
}

/**
 * Numbers that the widest layer's dense bases may have: the reference holds them several times
 * over.
 */
const affordable = 1e6;

/** Cases of 2 to 4 layers; activations lie inside and outside the grid. */
export const kanCases = (most: { samples: number; width: number; grid: number }) =>
  fc
    .record<KanCase>({
      encoding: fc.integer({ min: 1, max: Math.floor(most.width / 2) }),
      layers: fc.array(fc.integer({ min: 1, max: most.width }), { minLength: 1, maxLength: 3 }),
      grid: fc.integer({ min: 1, max: most.grid }),
      order: fc.integer({ min: 1, max: 7 }),
      gridRange: fc.constantFrom<[number, number]>([-1, 1], [-0.4, 0.3], [-2.5, 4]),
      scaleSpline: fc.boolean(),
      initNoise: fc.constantFrom(0.1, 2, 8),
      baseActivation: fc.constantFrom('silu', 'tanh'),
      samples: fc.integer({ min: 1, max: most.samples }),
      sets: fc.constantFrom(0, 0, 1, 3),
      times: fc.constantFrom('shared', 'batched'),
      strided: fc.boolean(),
      seed: fc.nat(),
    })
    .map((given) => {
      const width = Math.max(2 * given.encoding, ...given.layers);
      const each = width * (given.grid + 2 * given.order) * Math.max(given.sets, 2);
      return { ...given, samples: Math.min(given.samples, Math.floor(affordable / each)) };
    });

/**
 * With the path of KAN layers that is named; the fused one afterwards. The reference runs on one
 * thread: on a busy machine the threads of its many small operators do little but wait for each
 * other.
 */
export function along<T>(path: 'fused' | 'reference', body: () => T): T {
  const before = threads();
  if (path === 'reference') setThreads(1);
  addon().setKanPath(path);
  try {
    return body();
  } finally {
    addon().setKanPath('fused');
    setThreads(before);
  }
}

/** The same numbers in a view that is not contiguous. */
function withGaps(x: Tensor): Tensor {
  if (x.rank < 2) return x;
  const swapped = x.transpose(-1, -2);
  return ops.stack([swapped, swapped], -1).select(-1, 0).transpose(-1, -2);
}

/** Everything that a pass needs: a network, and leaves that require a gradient. */
export interface KanInputs {
  network: KAN;
  t: Tensor;
  /** Given weights by name, or null for the network's own. */
  weights: Map<string, Tensor> | null;
}

/**
 * In float64: t uniform on [-1, 1), weights spread around the network's own, frequencies of a few
 * periods.
 */
export function kanInputs(
  { samples, sets, times, strided, seed, ...options }: KanCase,
  learnableEncoding = true,
): KanInputs {
  const generator = new Generator(seed);
  const network = new KAN({ ...options, learnableEncoding, seed, dtype: 'float64' });
  // The paper's frequencies double each time; times the rounding of t, the high ones would hide
  // everything else.
  const frequencies = network.stateDict().get('encoding.frequencies') as Tensor;
  noGrad(() => frequencies.uniform_(0.5, 6, generator));
  const leading = times === 'shared' ? [] : [Math.max(sets, 2)];
  if (sets === 1 && times === 'batched') leading[0] = 1;
  const t = ops
    .rand([...leading, samples, 1], { generator, dtype: 'float64' })
    .mul(2)
    .sub(1);
  const laidOut = strided ? withGaps(t) : t;
  if (sets === 0) return { network, t: laidOut.detach(), weights: null };
  const weights = new Map(
    network.weightLayout().map(({ name }) => {
      const own = network.parameters().get(name) as Tensor;
      const noise = ops.randn([sets, ...own.shape], { generator, dtype: 'float64' }).mul(0.1);
      const spread = own.detach().mul(noise.add(1));
      return [name, (strided ? withGaps(spread) : spread).detach()];
    }),
  );
  return { network, t: laidOut.detach(), weights };
}

/** The same inputs in float32. */
export function inSingle({ network, t, weights }: KanInputs): KanInputs {
  const single = new KAN({ ...network.options, dtype: 'float32' });
  const narrow = (x: Tensor) => x.detach().to('float32');
  single.loadStateDict(new Map([...network.stateDict()].map(([name, x]) => [name, narrow(x)])));
  return {
    network: single,
    t: narrow(t),
    weights: weights && new Map([...weights].map(([name, x]) => [name, narrow(x)])),
  };
}

/**
 * The leaves by name: t, the encoding's frequencies where they are learnable, and the weights in
 * use.
 */
export function leavesOf({ network, t, weights }: KanInputs): Map<string, Tensor> {
  const own = [...network.parameters()].filter(
    ([name]) => weights === null || name.startsWith('encoding.'),
  );
  const leaves = new Map([['t', t] as const, ...own, ...(weights ?? [])]);
  for (const leaf of leaves.values()) leaf.requiresGrad = true;
  return leaves;
}

/** The amplitude, and the gradients of a weighted sum of it for every leaf. */
export function pass(inputs: KanInputs): Map<string, Tensor> {
  const leaves = leavesOf(inputs);
  const y = inputs.network.forward(inputs.t, inputs.weights ?? undefined);
  const weight = ops.cos(ops.arange(0, y.size, { dtype: y.dtype })).reshape(y.shape);
  const found = gradients(y, [...leaves.values()], { gradOutputs: [weight] });
  return new Map([
    ['amplitude', y.detach()],
    ...[...leaves.keys()].map((name, i) => [name, found[i] as Tensor] as const),
  ]);
}

/**
 * Largest difference, relative to the largest number of the second; absolute where that is below 1.
 */
export function distance(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  const exact = b.to('float64');
  const largest = exact.abs().max().item();
  return a.to('float64').sub(exact).abs().max().item() / Math.max(1, largest);
}
