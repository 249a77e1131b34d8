import { addon } from '../../lib/addon/addon.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { wrapTensor } from '../../lib/tensor/tensor.js';
import { ReconstructionLoss } from '../../lib/train/index.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { type RealDType, ruleOf } from './tolerance.js';

/** Checks the multi-resolution mel STFT loss, its gradient and its filterbanks. */
export async function checkMelLoss(golden: GoldenFile): Promise<CheckResult> {
  const x = golden.tensor('x');
  const dtype = x.dtype as RealDType;
  const sampleRate = golden.need<number>('sample_rate');
  const fftSizes = golden.need<number[]>('fft');
  const mels = golden.need<number>('n_mels');
  const loss = new ReconstructionLoss({ time: 0, mel: 1, sampleRate, fftSizes, mels });

  const estimate = golden.tensor('xhat').clone();
  estimate.requiresGrad = true;
  const value = loss.compute(estimate, x);
  value.backward();
  const perResolution = loss.melPerResolution(estimate, x);
  const check = (name: string, ours: Tensor) =>
    compare(name, numbers(ours), numbers(golden.tensor(name)), ruleOf(golden, dtype));
  return {
    comparisons: [
      check('loss', value),
      check('per_resolution', perResolution),
      check('grad_xhat', estimate.grad as Tensor),
      ...fftSizes.map((size) =>
        check(`mel.${size}`, wrapTensor(addon().melFilterbank(sampleRate, size, mels, dtype))),
      ),
    ],
  };
}
