import { learningRateAt } from '../../lib/train/index.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';

/** Checks learning rate and β₁ of every step of one cycle. */
export async function checkOneCycle(golden: GoldenFile): Promise<CheckResult> {
  const steps = golden.need<number>('total_steps');
  const schedule = {
    schedule: {
      kind: 'oneCycle',
      divFactor: golden.need<number>('div_factor'),
      warmupFraction: golden.need<number>('pct_start'),
    },
    learningRate: golden.need<number>('max_lr'),
    steps,
  } as const;
  const rates = Array.from({ length: steps }, (_, step) => learningRateAt(schedule, step));
  const check = (name: string, ours: number[]) =>
    compare(name, ours, numbers(golden.tensor(name)), 1e-9);
  return {
    comparisons: [
      check(
        'lr',
        rates.map(({ learningRate }) => learningRate),
      ),
      check(
        'beta1',
        rates.map(({ beta1 }) => beta1),
      ),
    ],
  };
}
