import { filterBankOf, normalizeInput, responseSpectra } from '../../lib/analysis/index.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { type RealDType, ruleOf } from './tolerance.js';

/**
 * Checks response spectra: `signal`, `filter.i` [filters, length]; `normalised`, `strs`, `crs`,
 * `times`, `frequencies`.
 */
export async function checkResponseSpectra(golden: GoldenFile): Promise<CheckResult> {
  const signal = golden.tensor('signal');
  const dtype = signal.dtype as RealDType;
  const samples = Float32Array.from(numbers(signal));
  const setting = {
    stride: golden.need<number>('shift'),
    sampleRate: golden.need<number>('sample_rate'),
  };
  const filters = [...golden.group('filter')].sort(([a], [b]) => Number(a) - Number(b));
  const banks = filters.map(([, tensor]) => filterBankOf(tensor.to({ device: 'cpu' }), setting));
  const range = 0.1;
  const [found] = responseSpectra(banks, [samples], { bins: golden.need('bins'), range, dtype });
  if (found === undefined) throw new Error('there are no spectra');
  const ours = { ...found, normalised: normalizeInput(samples, range) };
  const comparisons = (['normalised', 'strs', 'crs', 'times', 'frequencies'] as const)
    .filter((name) => golden.has(name))
    .map((name) => {
      const tensor = golden.tensor(name);
      const rule = ruleOf(golden, tensor.dtype as RealDType);
      return compare(name, ours[name], numbers(tensor), rule);
    });
  return { comparisons };
}
