import { createClip } from '../../lib/audio/index.js';
import { type InrKind, timeAxis } from '../../lib/nn/index.js';
import { scope, type Tensor } from '../../lib/tensor/index.js';
import { fit } from '../../lib/train/index.js';
import { type GoldenFile, numbers } from './golden-file.js';
import { goldenNetwork, ownName } from './golden-networks.js';
import type { CheckResult, NamedValues } from './result.js';
import { type Change, judge } from './rounding.js';
import type { RealDType } from './tolerance.js';

/** Fits as the file was made: checks the losses before every step, and every tensor afterwards. */
export function checkTraining(kind: InrKind) {
  return async (golden: GoldenFile): Promise<CheckResult> => {
    const dtype = golden.tensor('x').dtype as RealDType;
    return judge({
      golden,
      dtype,
      kind: 'trajectory',
      isResult: (name) => name === 't' || name === 'losses' || name.startsWith('final.'),
      evaluate: (precision, change) => train(kind, golden, precision, change),
    });
  };
}

/** Times, losses and final tensors, by the names of the golden file. */
async function train(
  kind: InrKind,
  golden: GoldenFile,
  dtype: RealDType,
  change: Change,
): Promise<NamedValues> {
  return scope(async () => {
    const initial = golden.group('init');
    const values = new Map([...initial].map(([name, t]) => [name, change(t.to({ dtype }))]));
    const network = goldenNetwork(kind, golden, values, dtype);
    try {
      const samples = Float32Array.from(numbers(golden.tensor('x')));
      const clip = createClip(samples, golden.need<number>('sample_rate'));
      const { losses } = await fit(network, clip, {
        steps: golden.need<number>('steps'),
        learningRate: golden.need<number>('lr'),
        loss: { fftSizes: golden.need<number[]>('fft'), mels: golden.need<number>('n_mels') },
      });
      const own = network.stateDict();
      const results = new Map<string, ArrayLike<number>>([
        ['t', numbers(timeAxis(clip.length, { dtype }))],
        ['losses', losses],
      ]);
      for (const name of initial.keys()) {
        results.set(`final.${name}`, numbers(own.get(ownName(kind, name)) as Tensor).slice());
      }
      return results;
    } finally {
      network.dispose();
    }
  });
}
