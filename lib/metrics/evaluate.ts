import { z } from 'zod';
import { parseOptions } from '../native/options.js';
import { mae, mse, psnr, siSnr, snr } from './distortion.js';
import { lsd } from './log-spectral-distance.js';
import { rateOf, type Signal, signalPair } from './signal-pair.js';
import { wassersteinDistance } from './wasserstein.js';

/** Names of the metrics, in the order of tables. */
export const metricNames = ['mse', 'mae', 'psnr', 'snr', 'siSnr', 'lsd', 'wd'] as const;

/** A name of {@link metricNames}. */
export type MetricName = (typeof metricNames)[number];

/** A number for each metric; null where it is undefined for these signals. Never NaN or infinite. */
export type Metrics<Name extends MetricName = MetricName> = Record<Name, number | null>;

export interface EvaluateOptions<Name extends MetricName = MetricName> {
  /** Which metrics, in the order wanted. Default: all. */
  metrics?: readonly Name[];
  /** Samples per second, Hz. Needed for `lsd` when neither signal is a clip. */
  sampleRate?: number;
}

const optionsSchema = z.strictObject({
  metrics: z.array(z.enum(metricNames)).default([...metricNames]),
  sampleRate: z.number().positive().optional(),
});

/**
 * Measures how far `degraded` is from `reference`. The order matters: ranges, energies and
 * projections are those of the reference.
 *
 * | name | metric | undefined (null) for |
 * | --- | --- | --- |
 * | `mse` | {@link mse} | |
 * | `mae` | {@link mae} | |
 * | `psnr` | {@link psnr}, dB | silent reference; equal signals |
 * | `snr` | {@link snr}, dB | silent reference |
 * | `siSnr` | {@link siSnr}, dB | either silent or constant |
 * | `lsd` | {@link lsd} | silent reference |
 * | `wd` | {@link wassersteinDistance} | either silent |
 *
 * @param reference the original: a clip or [n] samples
 * @param degraded what is judged: a clip or [n] samples, of the same length and rate
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths (both are named), AUDIO_EMPTY for no
 *   samples, INVALID_ARGUMENT for NaN or infinite samples, unequal rates, an unknown metric, or
 *   `lsd` without a rate; what loading LibTorch throws, for `lsd` and `wd`
 */
export async function evaluate<Name extends MetricName = MetricName>(
  reference: Signal,
  degraded: Signal,
  options: EvaluateOptions<Name> = {},
): Promise<Metrics<Name>> {
  const { metrics, sampleRate } = parseOptions(optionsSchema, options, 'evaluate options');
  signalPair(reference, degraded);
  const rate = rateOf(reference, degraded, sampleRate) ?? undefined;
  const measure: Record<MetricName, () => number | null> = {
    mse: () => mse(reference, degraded),
    mae: () => mae(reference, degraded),
    psnr: () => psnr(reference, degraded),
    snr: () => snr(reference, degraded),
    siSnr: () => siSnr(reference, degraded),
    lsd: () => lsd(reference, degraded, rate === undefined ? {} : { sampleRate: rate }),
    wd: () => wassersteinDistance(reference, degraded),
  };
  return Object.fromEntries(metrics.map((name) => [name, measure[name]()])) as Metrics<Name>;
}
