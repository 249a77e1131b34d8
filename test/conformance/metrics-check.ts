import { createClip } from '../../lib/audio/index.js';
import { lsd, mae, mse, psnr, siSnr, snr, wassersteinDistance } from '../../lib/metrics/index.js';
import { type Comparison, compare } from './comparison.js';
import { type GoldenFile, numbers, scalar } from './golden-file.js';
import type { CheckResult } from './result.js';

type Metric = (target: Float32Array, estimate: Float32Array) => number | null;

/**
 * Checks the metrics: means over the recordings of the file, the PSNR with one range over all of
 * them.
 */
export async function checkMetrics(golden: GoldenFile): Promise<CheckResult> {
  const rate = golden.need<number>('sample_rate');
  const target = numbers(golden.tensor('target')) as Float32Array;
  const estimate = numbers(golden.tensor('pred')) as Float32Array;
  const [rows, samples] = golden.tensor('target').shape as [number, number];
  const mean = (metric: Metric): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const [from, to] = [row * samples, (row + 1) * samples];
      sum += metric(target.subarray(from, to), estimate.subarray(from, to)) as number;
    }
    return sum / rows;
  };
  const ours: Readonly<Record<string, () => number>> = {
    mse: () => mean(mse),
    mae: () => mean(mae),
    // One signal of all rows has the range over all of them.
    psnr: () => psnr(target, estimate) as number,
    snr: () => mean(snr),
    si_snr: () => mean(siSnr),
    lsd: () => mean((a, b) => lsd(createClip(a, rate), createClip(b, rate))),
    wd: () => mean(wassersteinDistance),
  };
  const stated = golden.setting<Record<string, number>>('tolerance');
  const comparisons = [...golden.group('metric')].map(([name, value]): Comparison => {
    const measure = ours[name];
    if (measure === undefined) throw new Error(`there is no metric "${name}"`);
    const { tolerance, reason } = toleranceOf(name, value.dtype, stated);
    return compare(`metric.${name}`, Float64Array.of(measure()), scalar(value), tolerance, reason);
  });
  return { comparisons };
}

function toleranceOf(
  name: string,
  dtype: string,
  stated: Record<string, number> | undefined,
): { tolerance: number; reason?: string } {
  const own = stated?.[dtype];
  if (own !== undefined) return { tolerance: own };
  if (name === 'wd') {
    return {
      tolerance: 1e-8,
      reason:
        'stored as float64 but computed through a single precision FFT (NumPy 2 transforms float32 ' +
        'input in float32): in float64 the same program gives a value 2.6e-9 away',
    };
  }
  return { tolerance: dtype === 'float64' ? 1e-9 : 1e-4 };
}
