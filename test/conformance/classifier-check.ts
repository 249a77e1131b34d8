import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { IncTssdnet, ResTssdnet, type WaveformClassifier } from '../../lib/nn/index.js';
import { readSafetensors, scope, type Tensor } from '../../lib/tensor/index.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult, NamedValues } from './result.js';
import { type Change, judge } from './rounding.js';
import type { RealDType } from './tolerance.js';

/** Weights of Inc-TSSDNet lie beside the golden folder: they are not ours to keep. */
async function publishedWeights(golden: GoldenFile): Promise<ReadonlyMap<string, Tensor>> {
  const path = join(golden.folder, '..', 'data', 'tssdnet', 'inc_tssdnet.safetensors');
  if (!existsSync(path)) throw new Error(`the published weights are not at ${path}`);
  return (await readSafetensors(path)).tensors;
}

/** Logits of a classifier in evaluation mode with the weights that were recorded or published. */
export function checkLogits(kind: 'res-tssdnet' | 'inc-tssdnet') {
  return async (golden: GoldenFile): Promise<CheckResult> => {
    const x = golden.tensor('x');
    const recorded = golden.group('param');
    const weights = recorded.size > 0 ? recorded : await publishedWeights(golden);
    const evaluate = (dtype: RealDType, change: Change): NamedValues =>
      scope(() => {
        const options = { seed: 0, dtype, device: golden.device };
        using model: WaveformClassifier =
          kind === 'res-tssdnet' ? new ResTssdnet(options) : new IncTssdnet(options);
        model.loadStateDict(
          new Map(
            [...model.stateDict().keys()].map((name) => {
              const value = weights.get(name);
              if (value === undefined) throw new Error(`there is no "${name}" for a ${kind}`);
              return [name, change(value.to({ dtype, device: golden.device }))];
            }),
          ),
        );
        return new Map([['logits', numbers(model.forward(x.to({ dtype }))).slice()]]);
      });
    const dtype = x.dtype as RealDType;
    return judge({ golden, dtype, evaluate, isResult: (name) => name === 'logits' });
  };
}
