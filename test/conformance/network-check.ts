import type { Inr, InrKind } from '../../lib/nn/index.js';
import { ops, scope, type Tensor } from '../../lib/tensor/index.js';
import { type GoldenFile, numbers } from './golden-file.js';
import { goldenNetwork, ownName } from './golden-networks.js';
import type { CheckResult, NamedValues } from './result.js';
import { type Change, judge } from './rounding.js';
import type { RealDType } from './tolerance.js';

/** Checks the output and every gradient of a network. */
export function checkNetwork(kind: InrKind) {
  return async (golden: GoldenFile): Promise<CheckResult> => {
    const dtype = golden.tensor('x').dtype as RealDType;
    return judge({
      golden,
      dtype,
      isResult: (name) => name === 'out' || name.startsWith('grad.'),
      evaluate: (precision, change) => evaluate(kind, golden, precision, change),
    });
  };
}

/** Output and gradients of a network, by the names of the golden file. */
function evaluate(
  kind: InrKind,
  golden: GoldenFile,
  dtype: RealDType,
  change: Change,
): NamedValues {
  return scope(() => {
    const batched = golden.group('weight');
    const given = batched.size > 0 ? batched : golden.group('param');
    const values = new Map([...given].map(([name, t]) => [name, change(t.to({ dtype }))]));
    const network = goldenNetwork(kind, golden, values, dtype);
    try {
      const x = golden.tensor('x').to({ dtype });
      const leaves = batched.size > 0 ? leavesOf(values) : ownLeaves(kind, network, values);
      const weights = new Map([...leaves].map(([name, leaf]) => [ownName(kind, name), leaf]));
      const out = batched.size > 0 ? network.forward(x, weights) : network.forward(x);
      ops.mul(out, golden.tensor('w').to({ dtype })).sum().backward();
      const results = new Map([['out', numbers(out).slice()]]);
      for (const [name, leaf] of leaves) {
        results.set(`grad.${name}`, numbers(leaf.grad as Tensor).slice());
      }
      return results;
    } finally {
      network.dispose();
    }
  });
}

/** Weights that are given per sample, as leaves to differentiate by. */
function leavesOf(values: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...values].map(([name, tensor]) => {
      const leaf = tensor.clone();
      leaf.requiresGrad = true;
      return [name, leaf];
    }),
  );
}

/** The network's own parameters, by their golden names. */
function ownLeaves(
  kind: InrKind,
  network: Inr,
  values: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const own = network.parameters();
  return new Map(
    [...values.keys()].flatMap((name) => {
      const leaf = own.get(ownName(kind, name));
      return leaf === undefined ? [] : [[name, leaf] as const];
    }),
  );
}
