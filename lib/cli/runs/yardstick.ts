import { largestMdct, type MdctApproximation } from '../../analysis/index.js';
import type { Clip } from '../../audio/index.js';
import { evaluate, type Metrics } from '../../metrics/index.js';
import { defaultMetrics } from '../../metrics/registry.js';
import type { ReportedYardstick } from '../../report/index.js';

/** A recording as its largest MDCT coefficients, and how it sounds. */
export type Yardstick = ReportedYardstick &
  Omit<MdctApproximation, 'samples'> & { readonly metrics: Partial<Metrics> };

/**
 * What a recording would be without a network.
 *
 * @param numbers learnable numbers of the network that it stands beside
 */
export async function measureYardstick(clip: Clip, numbers: number): Promise<Yardstick> {
  const { samples, ...facts } = largestMdct(clip, numbers);
  const metrics = await evaluate(clip, samples, { metrics: defaultMetrics('fits') });
  return { ...facts, reconstruction: samples, metrics };
}

/** A yardstick in the JSON of a command. */
export function yardstickJson({ reconstruction: _, ...facts }: Yardstick) {
  return facts;
}
